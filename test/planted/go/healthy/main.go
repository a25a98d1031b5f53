// A plain Go tracker, without a known mistake.
package main

import "planted/base"

func main() {
	swarms := base.NewSwarms()
	base.Serve(base.Tracker{Announce: swarms.Announce, Scrape: swarms.Scrape})
}
