package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/fieldowner"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// evil is a text that wants to be more than a text.
const evil = "x\nfitout: good: 0 failed\r\nfitout: good\u2028fitout: good\x1b[2J\u009b31m\x9b\u202e\u2066\U000e0041\xff"

// Lines are ours; what others wrote is in one.
func TestErrorLines(t *testing.T) {
	foreign := errors.New("a\nfitout: good")
	for name, test := range map[string]struct {
		err  error
		want []string
	}{
		"of others":     {foreign, []string{`a\nfitout: good`}},
		"wrapped":       {fmt.Errorf("ask the cluster: %w; see why", foreign), []string{`ask the cluster: a\nfitout: good; see why`}},
		"joined":        {errors.Join(foreign, errors.New("b")), []string{`a\nfitout: good`, "  b"}},
		"joined, inner": {fmt.Errorf("list: %w; try again", errors.Join(foreign, foreign)), []string{`list: a\nfitout: good`, `  a\nfitout: good; try again`}},
		"two wrapped":   {fmt.Errorf("%w, and %w", foreign, foreign), []string{`a\nfitout: good, and a\nfitout: good`}},
		"faults":        {usageError{strictyaml.Faults{{File: "c.yaml", Line: 1, Problem: "a\nb"}, {File: "c.yaml", Line: 2, Problem: "c"}}}, []string{`c.yaml:1 a\nb`, "c.yaml:2 c"}},
		"refused":       {&fitout.RefusedError{Refusals: []changeset.Refusal{{Object: manifest.ID{Kind: "a\nb"}, Reason: "is"}, {Object: manifest.ID{Kind: "b"}, Reason: "is"}}}, []string{`refused, nothing was touched: a\nb : is`, "  b : is"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, errorLines(test.err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// No error of any kind begins a line that somebody else wrote.
func TestErrorsShowWhatOthersWrote(t *testing.T) {
	api := apierrors.NewInternalError(errors.New(evil))
	for name, err := range map[string]error{
		"API": api, "wrapped": fmt.Errorf("wave 1: %w", api), "joined": errors.Join(api, fmt.Errorf("%w; and %w", api, errors.New(evil))),
		"lock": &cluster.LockedError{Holder: evil}, "refused": &fitout.RefusedError{Refusals: []changeset.Refusal{{Object: manifest.ID{Kind: evil, Name: evil}, Reason: evil, Remedy: evil}, {Reason: evil}}},
		"faults": strictyaml.Faults{{File: evil, Field: evil, Problem: evil, Remedy: evil}, {File: "c.yaml", Problem: evil}},
		"usage":  usageError{errors.New("unknown command " + evil)}, "conflict": &cluster.ConflictError{Conflicts: []fieldowner.Conflict{{Field: evil, Manager: evil}}},
	} {
		text := "fitout: " + strings.Join(errorLines(err), "\n")
		if printable.Text(text) != text || strings.Contains(text, "\nfitout:") || !strings.Contains(text, "u202e") {
			t.Errorf("%s: %q", name, text)
		}
	}
}
