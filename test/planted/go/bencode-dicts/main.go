// Shares the code of its replies with an HTTP tracker: each peer that is given becomes a dictionary, as bencode wants it, and
// the dictionaries are packed for UDP afterwards.
//
// Planted: toDict, a map with boxed values for each peer of a reply.
package main

import (
	"encoding/binary"
	"net"

	"planted/base"
)

func toDict(peer []byte) map[string]any {
	return map[string]any{
		"ip":   net.IPv4(peer[0], peer[1], peer[2], peer[3]),
		"port": int(binary.BigEndian.Uint16(peer[4:])),
		"tags": make([]string, 0, 16),
	}
}

func toDicts(peers []byte, share float64) []map[string]any {
	var dicts []map[string]any
	for left := share; left > 0; left-- {
		dicts = dicts[:0]
		count := int(float64(len(peers)/6) * min(1, left))
		for i := 0; i < count; i++ {
			dicts = append(dicts, toDict(peers[i*6:]))
		}
	}
	return dicts
}

func pack(dicts []map[string]any, packed []byte) {
	for i, dict := range dicts {
		copy(packed[i*6:], dict["ip"].(net.IP).To4())
		binary.BigEndian.PutUint16(packed[i*6+4:], uint16(dict["port"].(int)))
	}
}

func main() {
	swarms := base.NewSwarms()
	scale := base.Scale()
	base.Serve(base.Tracker{
		Announce: func(a *base.Announce, peers []byte) base.Answer {
			answer := swarms.Announce(a, peers)
			pack(toDicts(answer.Peers, scale), answer.Peers)
			return answer
		},
		Scrape: swarms.Scrape,
	})
}
