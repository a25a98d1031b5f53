// Reads its list of banned addresses from the disk for each announce, so that a change counts at once.
//
// Planted: (*banList).holds, three small files an announce.
package main

import (
	"bytes"
	"fmt"
	"log"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"sync/atomic"

	"planted/base"
)

type banList struct {
	files []string
	// Files that are read for an announce, on average.
	perAnnounce float64
	announces   atomic.Uint64
}

func newBanList(perAnnounce float64) *banList {
	folder, err := os.MkdirTemp("", "planted-bans-")
	if err != nil {
		log.Fatal(err)
	}
	list := &banList{perAnnounce: perAnnounce}
	for i := 0; i < int(math.Ceil(perAnnounce)); i++ {
		file := filepath.Join(folder, fmt.Sprintf("banned-%d.txt", i))
		if err := os.WriteFile(file, []byte("192.0.2.1\n198.51.100.7\n"), 0o600); err != nil {
			log.Fatal(err)
		}
		list.files = append(list.files, file)
	}
	return list
}

func (b *banList) holds(address netip.Addr) bool {
	announces := float64(b.announces.Add(1))
	due := int(math.Floor(announces*b.perAnnounce) - math.Floor((announces-1)*b.perAnnounce))
	for _, file := range b.files[:due] {
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
	banned := newBanList(3 * base.Scale())
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
