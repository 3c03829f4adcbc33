package wave

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/render"
)

// levelsOf sorts addons into levels: level 0 requires nothing of the others, level n+1 something of level n. The error
// names a requirement that nobody provides, or the cycle.
func levelsOf(addons []render.Addon, external []string) ([][]render.Addon, error) {
	l := leveler{providers: map[string][]string{}, requires: map[string][]string{}, level: map[string]int{}, external: external}
	for _, a := range addons {
		l.requires[a.Name] = a.Requires
		for _, capability := range a.Provides {
			l.providers[capability] = append(l.providers[capability], a.Name)
		}
	}
	var levels [][]render.Addon
	for _, a := range addons {
		n, err := l.of(a.Name, nil)
		if err != nil {
			return nil, err
		}
		for len(levels) <= n {
			levels = append(levels, nil)
		}
		levels[n] = append(levels[n], a)
	}
	return levels, nil
}

type leveler struct {
	providers map[string][]string // addons by capability
	requires  map[string][]string // capabilities by addon
	level     map[string]int      // what is known
	external  []string
}

// of returns the level of an addon; path holds the addons that led to it.
func (l *leveler) of(addon string, path []string) (int, error) {
	if n, known := l.level[addon]; known {
		return n, nil
	}
	if i := slices.Index(path, addon); i >= 0 {
		return 0, fmt.Errorf("addons require each other in a cycle: %s; remove one of the requirements from addon.yaml", strings.Join(append(path[i:], addon), " -> "))
	}
	level := 0
	for _, capability := range l.requires[addon] {
		providers := l.providers[capability]
		if len(providers) == 0 && !slices.Contains(l.external, capability) {
			return 0, fmt.Errorf("addon %s requires %s, which no selected addon provides", addon, capability)
		}
		for _, p := range providers {
			n, err := l.of(p, append(path, addon))
			if err != nil {
				return 0, err
			}
			level = max(level, n+1)
		}
	}
	l.level[addon] = level
	return level, nil
}
