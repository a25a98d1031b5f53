// Writes a journal of all announces that a crash cannot take away, and holds the one lock of the tracker meanwhile.
//
// Planted: (*tracker).announce, which holds mu while (*tracker).journal waits for the disk.
package main

import (
	"log"
	"os"
	"path/filepath"
	"sync"
	"time"

	"planted/base"
)

const linesPerFlush = 32

type tracker struct {
	mu      sync.Mutex
	swarms  *base.Swarms
	file    *os.File
	pending int
	settle  time.Duration
}

func (t *tracker) announce(a *base.Announce, peers []byte) base.Answer {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.journal(a)
	return t.swarms.Announce(a, peers)
}

func (t *tracker) journal(a *base.Announce) {
	if _, err := t.file.Write(a.Datagram); err != nil {
		log.Fatal(err)
	}
	t.pending++
	if t.pending < linesPerFlush {
		return
	}
	t.pending = 0
	if err := t.file.Sync(); err != nil {
		log.Fatal(err)
	}
	// The disk is remote and takes its time to confirm.
	time.Sleep(t.settle)
	if _, err := t.file.Seek(0, 0); err != nil {
		log.Fatal(err)
	}
}

func main() {
	folder, err := os.MkdirTemp("", "planted-journal-")
	if err != nil {
		log.Fatal(err)
	}
	file, err := os.Create(filepath.Join(folder, "journal"))
	if err != nil {
		log.Fatal(err)
	}
	// The open file is all that is needed.
	os.RemoveAll(folder)
	t := &tracker{swarms: base.NewSwarms(), file: file}
	t.settle = time.Duration(float64(4*time.Millisecond) * base.Scale())
	base.Serve(base.Tracker{Announce: t.announce, Scrape: t.swarms.Scrape, Readers: 16})
}
