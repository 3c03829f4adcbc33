package report_test

import (
	"bytes"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/footprint"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/report"
)

// evil is a text that wants to be more than a text.
const evil = "x\nfitout: good: 0 failed\r\nfitout: good: 0 failed\u2028fitout: good\u2029\v\f\x1b[2J\x1b]0;t\a\u009b31m\x9b\u202e\u2066\u200f\u061c\ufeff\U000e0041\x00\x7f\t\xffy"

// filled puts evil into every string of a value, and into every list one element.
func filled(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() {
			v.SetString(evil)
		}
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		filled(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && v.Field(i).CanSet() && v.Field(i).Type() != reflect.TypeFor[*check.Trail]() {
				filled(v.Field(i))
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		filled(v.Index(0))
	}
}

// evilReport has evil wherever a report has text, and an unmet row that another explains.
func evilReport(verdict check.Verdict) *report.Report {
	r := &report.Report{}
	filled(reflect.ValueOf(r).Elem())
	r.Verdict = verdict
	for i := range r.Checks {
		r.Checks[i].Verdict, r.Checks[i].Nodes[0].Verdict, r.Checks[i].Absent = verdict, verdict, false
	}
	r.Checks = append(r.Checks, r.Checks[0])
	r.Checks[1].Check += "2"
	for i := range r.Waves {
		r.Waves[i].Changes[0].Action = report.Failed
	}
	r.Footprint = &footprint.Footprint{Node: footprint.Node{Size: evil, Architecture: evil}}
	return r
}

// Nothing of what a printer writes is a command to a terminal, or a line that somebody else has begun.
func TestPrintersShowWhatOthersWrote(t *testing.T) {
	followed := func(w io.Writer, r *report.Report) error {
		f := report.Follower{W: w}
		before, after := *r, *r
		before.Error, after.Error = "", ""
		after.Checks = append([]check.Row{{Addon: evil, Check: evil, Verdict: check.Failed, Detail: evil, Remedy: evil}}, r.Checks[1:]...)
		for _, r := range []*report.Report{&before, &after, r} {
			if err := f.Tell(r); err != nil {
				return err
			}
		}
		return nil
	}
	unchecked := func(w io.Writer, r *report.Report) error {
		r.Checks, r.DryRun = nil, false
		return report.Table(w, r)
	}
	changes := func(w io.Writer, r *report.Report) error {
		r.Checks, r.DryRun = nil, true
		return report.Table(w, r)
	}
	for name, print := range map[string]printer{
		"table": report.Table, "table of addons": unchecked, "table of changes": changes, "json": report.JSON, "lines of json": report.Line,
		"junit": report.JUnit, "html": report.HTML, "watch": followed,
	} {
		for _, verdict := range []check.Verdict{check.Good, check.Skipped, check.Unknown, check.Pending, check.Degraded, check.Failed} {
			harmless(t, name, printed(t, print, evilReport(verdict)))
		}
	}
}

func TestContinuityShowsWhatOthersWrote(t *testing.T) {
	c := &report.Continuity{}
	filled(reflect.ValueOf(c).Elem())
	for name, print := range map[string]func(io.Writer, *report.Continuity) error{"table": report.ContinuityTable, "json": report.ContinuityJSON} {
		var out bytes.Buffer
		if err := print(&out, c); err != nil {
			t.Fatal(err)
		}
		harmless(t, name, out.String())
	}
}

// harmless finds what must not be in an output that tells of evil.
func harmless(t *testing.T, name, out string) {
	t.Helper()
	if !strings.Contains(out, "u202e") {
		t.Fatalf("%s does not tell of it:\n%s", name, out)
	}
	if printable.Text(out) != out {
		t.Errorf("%s has what must not be printed: %q", name, out)
	}
	for line := range strings.Lines(out) {
		if name != "html" && strings.HasPrefix(strings.TrimSpace(line), "fitout: good") { // a page may have the lines of an agent
			t.Fatalf("%s has a line of others:\n%s", name, out)
		}
	}
}
