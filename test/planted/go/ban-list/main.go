// Reads its list of banned addresses from the disk for each announce, so that a change counts at once.
//
// Planted: (*banList).holds, three small files an announce.
package main

import (
	"bytes"
	"fmt"
	"log"
	"net/netip"
	"os"
	"path/filepath"

	"planted/base"
)

type banList struct {
	files []string
}

func newBanList(count int) *banList {
	folder, err := os.MkdirTemp("", "planted-bans-")
	if err != nil {
		log.Fatal(err)
	}
	list := &banList{}
	for i := 0; i < count; i++ {
		file := filepath.Join(folder, fmt.Sprintf("banned-%d.txt", i))
		if err := os.WriteFile(file, []byte("192.0.2.1\n198.51.100.7\n"), 0o600); err != nil {
			log.Fatal(err)
		}
		list.files = append(list.files, file)
	}
	return list
}

func (b *banList) holds(address netip.Addr) bool {
	for _, file := range b.files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		if bytes.Contains(text, []byte(address.String()+"\n")) {
			return true
		}
	}
	return false
}

func main() {
	swarms := base.NewSwarms()
	banned := newBanList(max(1, int(3*base.Scale())))
	base.Serve(base.Tracker{
		Announce: func(a *base.Announce, peers []byte) base.Answer {
			if banned.holds(netip.AddrFrom4([4]byte(a.Peer[:4]))) {
				return base.Answer{Failure: "banned"}
			}
			return swarms.Announce(a, peers)
		},
		Scrape: swarms.Scrape,
	})
}
