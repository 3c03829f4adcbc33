package main

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/pkg/agent"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/fitout-dev/fitout/pkg/report"
)

// told tells a progress of everything, in words of others.
func told(p fitout.Progress) {
	rows := []check.Row{{Verdict: check.Failed, Detail: evil}}
	p.Planned(&fitout.Plan{Findings: []clusterfile.Finding{{Field: evil, Value: evil, Source: evil}}, Warnings: []string{evil}, Rendering: &render.Rendering{Bundle: evil, Digest: evil}})
	p.Waves([]string{evil})
	p.Applying(0)
	p.Note("waiting for " + evil + ", which is changing the cluster")
	p.Applied(0, []report.Change{{Action: report.Created}})
	p.Waiting(0, rows)
	p.Done(0, time.Second, false)
	p.Checking(rows)
}

func TestProgressShowsWhatOthersWrote(t *testing.T) {
	for name, tell := range map[string]func(w io.Writer){
		"plain":    func(w io.Writer) { told(&plain{w: w, now: time.Now}) },
		"quiet":    func(w io.Writer) { told(&quiet{w: w}) },
		"warnings": func(w io.Writer) { warn(w, []string{evil}) },
		"agent":    func(w io.Writer) { printStatus(w, agent.Status{Text: evil}) }, //nolint:errcheck // the verdict does not matter
	} {
		var out bytes.Buffer
		tell(&out)
		shows(t, name, out.String())
	}
	live := drawn(t, func(l *live) { told(l) })
	for _, own := range []string{"\x1b[2A", "\x1b[1A", "\x1b[J", "\r\x1b[K"} {
		live = strings.ReplaceAll(live, own, "")
	}
	shows(t, "live", live)
}

// drawn returns what a live display writes.
func drawn(t *testing.T, tell func(l *live)) string {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	all := make(chan string)
	go func() {
		text, _ := io.ReadAll(reader)
		all <- string(text)
	}()
	tell(newLive(writer, time.Now, false))
	writer.Close()
	return <-all
}

func shows(t *testing.T, name, out string) {
	t.Helper()
	if printable.Text(out) != out || !strings.Contains(out, "u202e") {
		t.Errorf("%s: %q", name, out)
	}
	for line := range strings.Lines(out) {
		if strings.HasPrefix(strings.TrimSpace(line), "fitout:") {
			t.Errorf("%s has a line of others:\n%s", name, out)
		}
	}
}

func TestCut(t *testing.T) {
	for name, test := range map[string]struct{ in, want string }{
		"short":            {"abc", "abc"},
		"one column short": {"abcdefghi", "abcdefghi"},
		"as wide":          {"abcdefghij", "abcdefgh…"},
		"wide letters":     {"你好你好你好", "你好你好…"},
		"in between":       {"a你好你好你好", "a你好你…"},
		"marks":            {"e\u0301e\u0301e\u0301", "e\u0301e\u0301e\u0301"},
		"an escape":        {"\x1b[31mred", `\x1b[31m…`},
	} {
		if got := cut(test.in, 10); got != test.want {
			t.Errorf("%s: %q, not %q", name, got, test.want)
		}
	}
}
