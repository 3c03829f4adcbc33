package corefile

import (
	"fmt"
	"maps"
	"slices"

	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"k8s.io/apimachinery/pkg/util/version"
)

// A Table says which plugins and options each version of a server of Corefiles has. It is data of an addon, which tells for
// how long something has been there; what to do with it in an upgrade is Successor and Remedy.
type Table struct {
	APIVersion string              `json:"apiVersion" required:"true" enum:"fitout.dev/v1alpha1" doc:"version of this format"`
	Kind       string              `json:"kind" required:"true" enum:"CorefilePlugins" doc:"kind of this file"`
	Server     string              `json:"server" required:"true" doc:"name of the server in messages"`
	First      string              `json:"first" required:"true" doc:"the oldest version that the table is right for"`
	Last       string              `json:"last" required:"true" doc:"the newest"`
	Words      map[string][]string `json:"words" doc:"words that arguments may be, by the name of their kind"`
	Plugins    map[string]Plugin   `json:"plugins" required:"true" doc:"the plugins of all versions, by their names in a Corefile"`
}

// A Plugin is one plugin, its life and its options.
type Plugin struct {
	Since      string `json:"since" doc:"the first version that has it; absent: all"`
	Deprecated string `json:"deprecated" doc:"the first version that warns of it"`
	Ignored    string `json:"ignored" doc:"the first version that reads it and does nothing"`
	Removed    string `json:"removed" doc:"the first version that does not start with it"`
	Successor  string `json:"successor" doc:"the plugin that replaces it"`
	Migrate    string `json:"migrate" doc:"how a line of people's own is written for a version that does not start with it: drop, or the words that take the place of its name. Absent: a person has to"`
	Remedy     string `json:"remedy" doc:"what to do, an imperative"`

	Options     []string          `json:"options" doc:"options that it has as long as it exists"`
	Changes     map[string]Option `json:"changes" doc:"options that came or went; a name may go on with the option's first arguments"`
	AnyOption   bool              `json:"anyOption" doc:"its lines may be data; they are not checked"`
	StrictSince string            `json:"strictSince" doc:"the first version that refuses options that it does not know; absent: all"`
	Inline      []string          `json:"inline" doc:"an option also stands on the line of the plugin itself, behind these words"`
	Once        bool              `json:"once" doc:"a block has it once at most"`
	OnceUntil   string            `json:"onceUntil" doc:"the first version in which a block may have it more often; absent: none"`
	Files       bool              `json:"files" doc:"arguments that begin with a slash name files"`
	Args        *string           `json:"args" doc:"the arguments that it takes, kind by kind; absent: they are not checked"`
	ArgsBefore  map[string]string `json:"argsBefore" doc:"the arguments that it took before a version"`
	OptionArgs  map[string]string `json:"optionArgs" doc:"the arguments of its options, by their names"`
	Needs       []string          `json:"needs" doc:"it has one of these options"`
	DataUntil   string            `json:"dataUntil" doc:"an option behind which no data may stand"`
}

// An Option is the life of an option.
type Option struct {
	Since      string `json:"since" doc:"the first version that has it; absent: all"`
	Deprecated string `json:"deprecated" doc:"the first version that warns of it"`
	Ignored    string `json:"ignored" doc:"the first version that reads it and does nothing"`
	Removed    string `json:"removed" doc:"the first version that does not start with it"`
	Successor  string `json:"successor" doc:"the option or plugin that replaces it"`
	Migrate    string `json:"migrate" doc:"how a line of people's own is written for a version that does not start with it: drop, or the words that take the place of its name. Absent: a person has to"`
	Remedy     string `json:"remedy" doc:"what to do, an imperative"`
}

func (p Plugin) life() Option {
	return Option{Since: p.Since, Deprecated: p.Deprecated, Ignored: p.Ignored, Removed: p.Removed, Successor: p.Successor, Migrate: p.Migrate, Remedy: p.Remedy}
}

// argsOf returns the description of the arguments in a version, nil if there is none.
func (p Plugin) argsOf(v *version.Version) *string {
	found, until := p.Args, ""
	for before, args := range p.ArgsBefore {
		if !reached(v, before) && (until == "" || atLeast(version.MustParseGeneric(until), before)) {
			found, until = &args, before
		}
	}
	return found
}

// checked reports whether the options of the plugin are known.
func (p Plugin) checked() bool {
	return !p.AnyOption && (len(p.Options) > 0 || len(p.Changes) > 0 || p.StrictSince != "")
}

// DecodeTable reads a table. The error is a strictyaml.Faults with everything that is wrong with it.
func DecodeTable(file string, data []byte) (*Table, error) {
	t := &Table{}
	lines, err := strictyaml.Decode(file, data, t)
	if err != nil {
		return nil, err
	}
	var faults strictyaml.Faults
	dates := t.dates()
	for _, field := range slices.Sorted(maps.Keys(dates)) {
		if given := dates[field]; given != "" {
			if _, err := version.ParseGeneric(given); err != nil {
				faults = append(faults, strictyaml.Fault{File: file, Line: lines[field], Field: field, Problem: fmt.Sprintf("is %q", given), Remedy: "give a version such as 1.14.2"})
			}
		}
	}
	grammars := t.grammars()
	for _, field := range slices.Sorted(maps.Keys(grammars)) {
		if _, err := t.grammar(grammars[field]); err != nil {
			faults = append(faults, strictyaml.Fault{File: file, Line: lines[field], Field: field, Problem: err.Error(), Remedy: "use kinds such as duration, int(1,), =word or any, each with ?, * or +"})
		}
	}
	return t, faults.ErrorOrNil()
}

// grammars are all descriptions of arguments in the table, by their fields.
func (t *Table) grammars() map[string]string {
	all := map[string]string{}
	for name, p := range t.Plugins {
		if p.Args != nil {
			all["plugins."+name+".args"] = *p.Args
		}
		for before, args := range p.ArgsBefore {
			all["plugins."+name+".argsBefore."+before] = args
		}
		for option, args := range p.OptionArgs {
			all["plugins."+name+".optionArgs."+option] = args
		}
	}
	return all
}

// dates are all versions in the table, by their fields.
func (t *Table) dates() map[string]string {
	all := map[string]string{"first": t.First, "last": t.Last}
	add := func(at string, o Option) {
		all[at+".since"], all[at+".deprecated"], all[at+".ignored"], all[at+".removed"] = o.Since, o.Deprecated, o.Ignored, o.Removed
	}
	for name, p := range t.Plugins {
		add("plugins."+name, p.life())
		all["plugins."+name+".strictSince"], all["plugins."+name+".onceUntil"] = p.StrictSince, p.OnceUntil
		for before := range p.ArgsBefore {
			all["plugins."+name+".argsBefore."+before] = before
		}
		for option, o := range p.Changes {
			add("plugins."+name+".changes."+option, o)
		}
	}
	return all
}

// Covers reports whether the table is right for a version.
func (t *Table) Covers(v string) bool {
	given, err := version.ParseGeneric(v)
	return err == nil && atLeast(given, t.First) && (!atLeast(given, t.Last) || given.EqualTo(version.MustParseGeneric(t.Last)))
}

// atLeast reports whether a version is another, which the table names, or a later one.
func atLeast(v *version.Version, named string) bool {
	return v.AtLeast(version.MustParseGeneric(named)) // DecodeTable has parsed it
}

// reached is atLeast for a version that the table may leave out.
func reached(v *version.Version, named string) bool { return named != "" && atLeast(v, named) }
