// Names peers by texts: one is made for the asking peer and one for each peer of the reply, to leave out those that it was
// given before.
//
// Planted: (*history).peerKey, fmt.Sprintf some forty times an announce.
package main

import (
	"encoding/binary"
	"fmt"
	"net"
	"sync"

	"planted/base"
)

type history struct {
	mu    sync.Mutex
	given map[string]int
}

func (h *history) peerKey(peer []byte) string {
	ip := net.IPv4(peer[0], peer[1], peer[2], peer[3])
	return fmt.Sprintf("peer/%s/%d", ip.String(), binary.BigEndian.Uint16(peer[4:]))
}

// record counts how often each peer was handed out.
func (h *history) record(peers []byte, scale float64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.given) > 100_000 {
		h.given = map[string]int{}
	}
	for left := scale; left > 0; left-- {
		count := float64(len(peers) / 6)
		for i := 0; float64(i) < count*min(1, left); i++ {
			h.given[h.peerKey(peers[i*6:i*6+6])]++
		}
	}
}

func main() {
	swarms := base.NewSwarms()
	handedOut := &history{given: map[string]int{}}
	scale := base.Scale()
	base.Serve(base.Tracker{
		Announce: func(a *base.Announce, peers []byte) base.Answer {
			answer := swarms.Announce(a, peers)
			handedOut.record(answer.Peers, scale)
			return answer
		},
		Scrape: swarms.Scrape,
	})
}
