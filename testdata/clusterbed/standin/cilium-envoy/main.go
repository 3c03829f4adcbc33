// Command cilium-envoy stands in for the proxy through which Cilium leads what
// policies for HTTP look into. It tells its version, which the agent asks for
// at its start; started as a proxy, it ends.
package main

import (
	"fmt"
	"os"
	"slices"
)

func main() {
	if !slices.Contains(os.Args[1:], "--version") {
		fmt.Fprintln(os.Stderr, "cilium-envoy: a stand-in, which is no proxy: policies for HTTP do not work on this bed")
		os.Exit(1)
	}
	fmt.Println("cilium-envoy  version: stand-in/1.37.6/Clean/RELEASE")
}
