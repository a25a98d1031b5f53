// Package base is what the planted Go trackers share: BEP 15 on the wire, swarms in memory, a socket around them.
package base

import "encoding/binary"

const (
	protocolID = 0x41727101980

	actionConnect  = 0
	actionAnnounce = 1
	actionScrape   = 2
	actionError    = 3

	EventCompleted = 1
	EventStopped   = 3

	announceBytes   = 98
	mostScraped     = 74
	intervalSeconds = 1800
)

// Hash is an info hash.
type Hash [20]byte

// Announce is what a client says in an announce.
type Announce struct {
	InfoHash Hash
	PeerID   [20]byte
	Seeder   bool
	Event    uint32
	NumWant  int
	// IPv4 address and port as they go on the wire.
	Peer [6]byte
	// The whole datagram; it is gone when the handler returns.
	Datagram []byte
}

// Answer is what the tracker says to an announce; Failure wins where it is not empty.
type Answer struct {
	Seeders, Leechers uint32
	// Six bytes a peer.
	Peers   []byte
	Failure string
}

// Counts are one torrent's figures in a scrape.
type Counts struct {
	Seeders, Completed, Leechers uint32
}

func appendAnnounce(reply, request []byte, answer Answer) []byte {
	if answer.Failure != "" {
		reply = binary.BigEndian.AppendUint32(reply, actionError)
		reply = append(reply, request[12:16]...)
		return append(reply, answer.Failure...)
	}
	reply = binary.BigEndian.AppendUint32(reply, actionAnnounce)
	reply = append(reply, request[12:16]...)
	reply = binary.BigEndian.AppendUint32(reply, intervalSeconds)
	reply = binary.BigEndian.AppendUint32(reply, answer.Leechers)
	reply = binary.BigEndian.AppendUint32(reply, answer.Seeders)
	return append(reply, answer.Peers...)
}

func appendScrape(reply, request []byte, scrape func(Hash) Counts) []byte {
	reply = binary.BigEndian.AppendUint32(reply, actionScrape)
	reply = append(reply, request[12:16]...)
	hashes := request[16:]
	for i := 0; i < mostScraped && len(hashes) >= 20; i++ {
		counts := scrape(Hash(hashes[:20]))
		hashes = hashes[20:]
		reply = binary.BigEndian.AppendUint32(reply, counts.Seeders)
		reply = binary.BigEndian.AppendUint32(reply, counts.Completed)
		reply = binary.BigEndian.AppendUint32(reply, counts.Leechers)
	}
	return reply
}
