// Package multicall makes one binary out of several commands. Linked one by
// one, the components of a Kubernetes release would cost a gigabyte of disk
// and a link each; linked together they share nearly everything.
package multicall

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// Main runs the component that argv[0] names, or else the one that the first
// argument names, and ends the process with the exit code that the component
// returns: 2 when there is no such component. A component finds its own name
// and arguments in os.Args, as if it were a program of its own.
func Main(components map[string]func() int) {
	name, args := choose(components, os.Args)
	run, ok := components[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "%s: no such component; run one of: %s\n", name, strings.Join(names(components), ", "))
		os.Exit(2)
	}
	os.Args = append([]string{name}, args...)
	os.Exit(run())
}

// choose splits argv into the name of a component and its arguments.
func choose(components map[string]func() int, argv []string) (name string, args []string) {
	name, args = filepath.Base(argv[0]), argv[1:]
	if _, ok := components[name]; !ok && len(args) > 0 {
		name, args = args[0], args[1:]
	}
	return name, args
}

// names lists the components in alphabetical order.
func names(components map[string]func() int) []string {
	var all []string
	for name := range components {
		all = append(all, name)
	}
	sort.Strings(all)
	return all
}
