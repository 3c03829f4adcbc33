package parity

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
)

// A Result is what the comparison of one chart found.
type Result struct {
	Addon, Line, Reference string
	Differences            []string // all of them
	Unlisted               []string // those that the parity file does not list
	Stale                  []string // what it has that is no difference, and no name of upstream's, any more
}

// Good reports whether every difference is listed, and nothing else.
func (r Result) Good() bool { return len(r.Unlisted) == 0 && len(r.Stale) == 0 }

// Check compares every chart under addons with its reference. The error joins what could not be compared.
func Check(addons, bundles, references fs.FS) ([]Result, error) {
	catalogue, err := bundle.Load(addons, bundles)
	if err != nil {
		return nil, err
	}
	if _, err := fs.Stat(references, "."); err != nil {
		return nil, fmt.Errorf("the folder of references: %w; name the one that holds upstream's manifests", err)
	}
	var results []Result
	var errs []error
	for _, name := range catalogue.Names() {
		file, err := read(addons, name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, line := range slices.Sorted(maps.Keys(file.Lines)) {
			result, err := check(catalogue, references, name, line, file.Lines[line])
			if err != nil {
				errs = append(errs, err)
				continue
			}
			results = append(results, result)
		}
	}
	return results, errors.Join(errs...)
}

func check(catalogue *bundle.Catalogue, references fs.FS, addon, name string, line Line) (Result, error) {
	result := Result{Addon: addon, Line: name, Reference: line.Reference}
	ours, err := rendered(catalogue, addon, name, line)
	if err != nil {
		return result, err
	}
	text, err := fs.ReadFile(references, line.Reference)
	if err != nil {
		return result, fmt.Errorf("%s/parity.yaml: lines.%s.reference: %w; name a file below the folder of references", addon, name, err)
	}
	theirs, err := manifest.Parse(line.Reference, text)
	if err != nil {
		return result, err
	}
	differences, unknown := Compare(ours, theirs, line.Names)
	result.Differences = differences
	result.Unlisted, result.Stale = line.judge(differences)
	result.Stale = append(result.Stale, unknown...)
	return result, nil
}

// rendered returns the objects of an addon on the cluster of a line.
func rendered(catalogue *bundle.Catalogue, addon, name string, line Line) ([]*manifest.Object, error) {
	where := fmt.Sprintf("%s/parity.yaml: lines.%s.cluster", addon, name)
	file, err := line.cluster(where)
	if err != nil {
		return nil, err
	}
	plan, err := fitout.Prepare(catalogue, file, nil, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	for _, a := range plan.Rendering.Addons {
		if a.Name == addon && a.Line == name {
			return a.Objects, nil
		}
	}
	return nil, fmt.Errorf("%s: does not get this chart; choose a version and settings that do", where)
}

// Print writes the results: a line each, then the differences that are not listed, and what is listed but not there. all adds
// those that are listed.
func Print(w io.Writer, results []Result, all bool) {
	for _, r := range results {
		fmt.Fprintf(w, "%s %s and %s: %d differences, %d listed, %d unlisted\n", r.Addon, r.Line, r.Reference,
			len(r.Differences), len(r.Differences)-len(r.Unlisted), len(r.Unlisted))
		for _, line := range r.Differences {
			switch unlisted := slices.Contains(r.Unlisted, line); {
			case unlisted:
				fmt.Fprintln(w, "  unlisted: "+line)
			case all:
				fmt.Fprintln(w, "  listed: "+line)
			}
		}
		for _, line := range r.Stale {
			fmt.Fprintln(w, "  listed, but not there: "+line)
		}
	}
}
