package corefile

import (
	"slices"
	"strconv"
	"strings"
)

// Settings are what of a live Corefile can be carried over into a rendered one, as values of its chart. A value is zero if
// the live Corefile does not set it, or sets it as ours does.
type Settings struct {
	// Domain is the domain of the cluster's names: cluster.local.
	Domain string
	// Upstreams are who answers for all other names, as they stand behind "forward .": addresses, tls://address, files in the
	// form of resolv.conf.
	Upstreams []string
	// CacheSeconds is how long answers are kept at most.
	CacheSeconds int
	// Directives are the plugins of the default block that ours does not have, such as hosts, log, rewrite and template, as
	// they are written, with their options and comments, each at the beginning of a line. Those of snippets are written out.
	Directives string
}

// defaultZone is the block that answers for all names.
var defaultZone = zone(".")

// cacheDefault is the time in seconds that CoreDNS keeps answers for if the Corefile names none (plugin/cache, maxTTL).
const cacheDefault = 3600

// SettingsOf reads what can be carried over from the default block of a live Corefile; ours is the rendered one before. Zones
// of their own are not among it: Merge keeps them. To see what is lost nevertheless, render again with the settings as values,
// and give the result to Lost:
//
//	s, err := corefile.SettingsOf(rendered, live)
//	... render with upstreamNameservers: s.Upstreams, cacheSeconds: s.CacheSeconds, extraConfig: s.Directives
//	merged, err := corefile.Merge(renderedAgain, live)
//	lost := corefile.Lost(merged.Text, live)
//
// Directives are other people's text: Table.Check finds in the rendered Corefile what the server does not have. The error is
// that one of the two cannot be parsed.
func SettingsOf(ours, live string) (Settings, error) {
	rendered, theirs := read(ours), read(live)
	if rendered.err != nil {
		return Settings{}, rendered.err
	}
	if theirs.err != nil {
		return Settings{}, theirs.err
	}
	var s Settings
	var extra []string
	wanted, _ := rendered.serving(defaultZone, 0)
	found, _ := theirs.serving(defaultZone, 0)
	for _, m := range matched(wanted, found) {
		if s.set(m) || m.ours != nil {
			continue
		}
		if _, isImport := m.live.imported(); !isImport {
			extra = append(extra, theirs.written(m.live))
		}
	}
	s.Directives = strings.Join(extra, "\n")
	return s, nil
}

// set takes over a directive whose arguments are values of the chart, and reports whether it is one.
func (s *Settings) set(m match) bool {
	d, args := m.live, m.live.words[1:]
	same := m.ours != nil && slices.Equal(m.ours.words, d.words)
	switch {
	case same:
	case d.name() == "kubernetes" && len(args) > 0:
		if m.ours == nil || len(m.ours.words) < 2 || m.ours.words[1] != args[0] {
			s.Domain = args[0]
		}
	case (d.name() == "forward" || d.name() == "proxy") && len(args) > 1 && args[0] == ".":
		s.Upstreams = args[1:]
	case d.name() == "cache":
		s.CacheSeconds = cacheSeconds(args)
	default:
		return false
	}
	return true
}

func cacheSeconds(args []string) int {
	if len(args) > 0 {
		if seconds, err := strconv.Atoi(args[0]); err == nil && seconds > 0 {
			return seconds
		}
	}
	return cacheDefault
}

// written returns a directive as it is written, moved to the left.
func (d document) written(of directive) string {
	before := d.source[strings.LastIndexByte(d.source[:of.start], '\n')+1 : of.start]
	lines := strings.Split(d.source[of.start:of.end], "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(strings.TrimPrefix(line, before), " \t\r")
	}
	return strings.Join(lines, "\n")
}
