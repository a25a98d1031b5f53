// Counts what each client did by its transaction, to tell retransmissions from news. The map has no end.
//
// Planted: (*clients).note.
package main

import (
	"encoding/binary"
	"sync"
	"time"

	"planted/base"
)

type visit struct {
	at     time.Time
	peerID string
	hash   string
	trail  []byte
}

type clients struct {
	mu     sync.Mutex
	visits map[uint64]*visit
	bytes  int
}

func (c *clients) note(a *base.Announce) {
	key := uint64(binary.BigEndian.Uint32(a.Datagram[12:]))<<16 | uint64(binary.BigEndian.Uint16(a.Peer[4:]))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.visits[key] != nil {
		return
	}
	c.visits[key] = &visit{
		at:     time.Now(),
		peerID: string(a.PeerID[:]),
		hash:   string(a.InfoHash[:]),
		trail:  make([]byte, c.bytes),
	}
}

func main() {
	swarms := base.NewSwarms()
	seen := &clients{visits: map[uint64]*visit{}, bytes: int(256 * base.Scale())}
	base.Serve(base.Tracker{
		Announce: func(a *base.Announce, peers []byte) base.Answer {
			seen.note(a)
			return swarms.Announce(a, peers)
		},
		Scrape: swarms.Scrape,
	})
}
