package base

import "sync"

const mostWanted = 80

// Swarms hold peers as they go on the wire.
type Swarms struct {
	mu     sync.Mutex
	byHash map[Hash]*swarm
	random uint32
}

type swarm struct {
	places    map[[6]byte]int
	packed    []byte
	seeder    []bool
	seeders   uint32
	completed uint32
}

func NewSwarms() *Swarms {
	return &Swarms{byHash: map[Hash]*swarm{}, random: 1}
}

// Announce records the peer and appends others to peers.
func (s *Swarms) Announce(a *Announce, peers []byte) Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.byHash[a.InfoHash]
	if w == nil {
		w = &swarm{places: map[[6]byte]int{}}
		s.byHash[a.InfoHash] = w
	}
	if a.Event == EventStopped {
		w.remove(a.Peer)
	} else {
		w.put(a)
	}
	s.random = s.random*1664525 + 1013904223
	wanted := a.NumWant
	if wanted < 0 {
		wanted = 50
	}
	peers = w.pick(a.Peer, min(wanted, mostWanted), s.random, peers)
	return Answer{Seeders: w.seeders, Leechers: uint32(len(w.seeder)) - w.seeders, Peers: peers}
}

// Scrape tells a torrent's figures.
func (s *Swarms) Scrape(hash Hash) Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.byHash[hash]
	if w == nil {
		return Counts{}
	}
	return Counts{Seeders: w.seeders, Completed: w.completed, Leechers: uint32(len(w.seeder)) - w.seeders}
}

func (w *swarm) put(a *Announce) {
	place, known := w.places[a.Peer]
	if !known {
		place = len(w.seeder)
		w.places[a.Peer] = place
		w.packed = append(w.packed, a.Peer[:]...)
		w.seeder = append(w.seeder, false)
	}
	if a.Event == EventCompleted {
		w.completed++
	}
	if w.seeder[place] != a.Seeder {
		if a.Seeder {
			w.seeders++
		} else {
			w.seeders--
		}
		w.seeder[place] = a.Seeder
	}
}

func (w *swarm) remove(peer [6]byte) {
	place, known := w.places[peer]
	if !known {
		return
	}
	last := len(w.seeder) - 1
	if w.seeder[place] {
		w.seeders--
	}
	if place != last {
		moved := [6]byte(w.packed[last*6:])
		copy(w.packed[place*6:], moved[:])
		w.seeder[place] = w.seeder[last]
		w.places[moved] = place
	}
	w.packed = w.packed[:last*6]
	w.seeder = w.seeder[:last]
	delete(w.places, peer)
}

func (w *swarm) pick(self [6]byte, wanted int, random uint32, peers []byte) []byte {
	count := len(w.seeder)
	if count == 0 {
		return peers
	}
	at := int(random % uint32(count))
	for looked := 0; looked < count && wanted > 0; looked++ {
		peer := w.packed[at*6 : at*6+6]
		if [6]byte(peer) != self {
			peers = append(peers, peer...)
			wanted--
		}
		at = (at + 1) % count
	}
	return peers
}
