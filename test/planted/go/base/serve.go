package base

import (
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"log"
	"net"
	"net/http"
	_ "net/http/pprof"
	"net/netip"
	"os"
	"runtime"
	"strconv"
)

// Tracker is what a program does with requests.
type Tracker struct {
	// Announce may append its peers to the buffer that it is given.
	Announce func(a *Announce, peers []byte) Answer
	Scrape   func(Hash) Counts
	// ReceiveBufferBytes is what the socket asks for; 0: 4 MiB.
	ReceiveBufferBytes int
	// Readers is the number of goroutines that read the socket; 0: one for each core that the program may use.
	Readers int
}

// Scale says how many times as costly as written the planted mistake is.
func Scale() float64 {
	scale, err := strconv.ParseFloat(os.Getenv("PLANT_SCALE"), 64)
	if err != nil {
		return 1
	}
	return scale
}

// Serve answers at PORT of 127.0.0.1, with Go's profiles at PPROF_PORT where that is set, until the process is ended.
func Serve(tracker Tracker) {
	if port := os.Getenv("PPROF_PORT"); port != "" {
		runtime.SetMutexProfileFraction(1)
		runtime.SetBlockProfileRate(10_000)
		go func() { log.Fatal(http.ListenAndServe("127.0.0.1:"+port, nil)) }()
	}
	port, err := strconv.Atoi(os.Getenv("PORT"))
	if err != nil {
		log.Fatal("PORT: ", err)
	}
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	if err != nil {
		log.Fatal(err)
	}
	receiveBuffer := tracker.ReceiveBufferBytes
	if receiveBuffer == 0 {
		receiveBuffer = 4 << 20
	}
	if err := conn.SetReadBuffer(receiveBuffer); err != nil {
		log.Fatal(err)
	}
	readers := tracker.Readers
	if readers == 0 {
		readers = runtime.GOMAXPROCS(0)
	}
	seed := maphash.MakeSeed()
	for i := 0; i < readers; i++ {
		go read(conn, seed, tracker)
	}
	fmt.Printf("serving udp://%s\n", conn.LocalAddr())
	select {}
}

func read(conn *net.UDPConn, seed maphash.Seed, tracker Tracker) {
	request := make([]byte, 2048)
	reply := make([]byte, 0, 2048)
	peers := make([]byte, 0, 2048)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(request)
		if err != nil {
			log.Fatal(err)
		}
		reply = answer(tracker, seed, request[:n], from, reply[:0], peers[:0])
		if len(reply) == 0 {
			continue
		}
		if _, err := conn.WriteToUDPAddrPort(reply, from); err != nil {
			log.Print(err)
		}
	}
}

// answer returns nothing where there is nothing to say.
func answer(t Tracker, seed maphash.Seed, request []byte, from netip.AddrPort, reply, peers []byte) []byte {
	if len(request) < 16 || from.Port() == 0 {
		return nil
	}
	ip := from.Addr().As4()
	// Its time is left out, for a run is shorter than its life.
	id := maphash.Bytes(seed, ip[:])
	if binary.BigEndian.Uint64(request) == protocolID && binary.BigEndian.Uint32(request[8:]) == actionConnect {
		reply = binary.BigEndian.AppendUint32(reply, actionConnect)
		reply = append(reply, request[12:16]...)
		return binary.BigEndian.AppendUint64(reply, id)
	}
	if binary.BigEndian.Uint64(request) != id {
		return nil
	}
	switch binary.BigEndian.Uint32(request[8:]) {
	case actionAnnounce:
		if len(request) < announceBytes {
			return nil
		}
		a := Announce{
			InfoHash: Hash(request[16:36]),
			PeerID:   [20]byte(request[36:56]),
			Seeder:   binary.BigEndian.Uint64(request[64:]) == 0,
			Event:    binary.BigEndian.Uint32(request[80:]),
			NumWant:  int(int32(binary.BigEndian.Uint32(request[92:]))),
			Datagram: request,
		}
		copy(a.Peer[:], ip[:])
		copy(a.Peer[4:], request[96:98])
		return appendAnnounce(reply, request, t.Announce(&a, peers))
	case actionScrape:
		return appendScrape(reply, request, t.Scrape)
	}
	return nil
}
