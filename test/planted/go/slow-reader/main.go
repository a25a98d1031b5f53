// One goroutine reads a socket with a small buffer and, every so often, hands its counters to a collector before it reads on.
//
// Planted: (*counters).report, ten milliseconds in which nobody reads.
package main

import (
	"time"

	"planted/base"
)

const reportEvery = 200

type counters struct {
	announces int
	delay     time.Duration
}

func (c *counters) report() {
	// The collector confirms over a slow line.
	time.Sleep(c.delay)
}

func main() {
	swarms := base.NewSwarms()
	c := &counters{delay: time.Duration(float64(10*time.Millisecond) * base.Scale())}
	base.Serve(base.Tracker{
		Announce: func(a *base.Announce, peers []byte) base.Answer {
			c.announces++
			if c.announces%reportEvery == 0 {
				c.report()
			}
			return swarms.Announce(a, peers)
		},
		Scrape:             swarms.Scrape,
		Readers:            1,
		ReceiveBufferBytes: 4096,
	})
}
