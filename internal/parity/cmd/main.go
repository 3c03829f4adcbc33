// Command cmd compares every addon with its upstream reference: go run ./internal/parity/cmd [-all] REFERENCES
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/bundles"
	"github.com/fitout-dev/fitout/internal/parity"
)

func main() {
	all := flag.Bool("all", false, "print the differences that are listed too")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: cmd [-all] REFERENCES, the folder that the references in addons/*/parity.yaml are below")
		os.Exit(2)
	}
	if !run(flag.Arg(0), *all) {
		os.Exit(1)
	}
}

func run(references string, all bool) (good bool) {
	results, err := parity.Check(addons.FS, bundles.FS, os.DirFS(references))
	parity.Print(os.Stdout, results, all)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if slices.ContainsFunc(results, func(r parity.Result) bool { return !r.Good() }) {
		fmt.Fprintln(os.Stderr, "remove each unlisted difference, or list it with its reason in the addon's parity.yaml; remove there what is no difference")
		return false
	}
	return err == nil
}
