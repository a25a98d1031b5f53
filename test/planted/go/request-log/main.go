// Logs every announce, and each reply too, with the standard logger.
//
// Planted: logAnnounce, log.Printf to standard error.
package main

import (
	"encoding/hex"
	"log"
	"net/netip"

	"planted/base"
)

func logAnnounce(a *base.Announce, answer *base.Answer) {
	ip := netip.AddrFrom4([4]byte(a.Peer[:4]))
	log.Printf("announce %s of %s: event %d, %d seeders, %d leechers, %d peers given",
		hex.EncodeToString(a.InfoHash[:]), ip, a.Event, answer.Seeders, answer.Leechers, len(answer.Peers)/6)
}

func main() {
	log.SetFlags(log.LstdFlags | log.Lmicroseconds | log.Lshortfile)
	swarms := base.NewSwarms()
	scale := base.Scale()
	due := 0.0
	base.Serve(base.Tracker{
		Announce: func(a *base.Announce, peers []byte) base.Answer {
			answer := swarms.Announce(a, peers)
			for due += scale; due >= 1; due-- {
				logAnnounce(a, &answer)
			}
			return answer
		},
		Scrape:  swarms.Scrape,
		Readers: 1,
	})
}
