package printable_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

func TestLine(t *testing.T) {
	for name, test := range map[string]struct{ in, want string }{
		"empty":                  {"", ""},
		"plain":                  {"pod coredns-1: OOMKilled", "pod coredns-1: OOMKilled"},
		"letters and signs":      {"Grüße, 你好, ✓ – … é 🙂 \\x1b", "Grüße, 你好, ✓ – … é 🙂 \\x1b"},
		"a terminal's commands":  {"\x1b[2J\x1b]0;title\a\b\x00", `\x1b[2J\x1b]0;title\x07\x08\x00`},
		"DEL":                    {"a\x7f", `a\x7f`},
		"C1 as runes":            {"\u009b2J\u0085", `\u009b2J\u0085`},
		"C1 as bytes":            {"\x9b2J\x85", `\x9b2J\x85`},
		"line breaks":            {"a\nfitout: good\r\nb\vc\fd", `a\nfitout: good\r\nb\x0bc\x0cd`},
		"separators":             {"a\u2028b\u2029c", `a\u2028b\u2029c`},
		"a password in a URL":    {"https://admin:hunter2@a:1/b and http://:x@b and https://token@c, not oci://a/b@sha256:c", "https://(hidden)@a:1/b and http://(hidden)@b and https://(hidden)@c, not oci://a/b@sha256:c"},
		"a tab":                  {"a\tb", "a b"},
		"bidirectional controls": {"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c", `\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c`},
		"no width":               {"a\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e", `a\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e`},
		"tags":                   {"\U000e0001\U000e0041\U000e0100\ufe0f", `\U000e0001\U000e0041\U000e0100\ufe0f`},
		"fillers":                {"\u115f\u3164\uffa0\u034f", `\u115f\u3164\uffa0\u034f`},
		"private use":            {"\ue000\U000f0000\U0010fffd", `\ue000\U000f0000\U0010fffd`},
		"other spaces":           {"\u00a0\u3000", `\u00a0\u3000`},
		"noncharacters":          {"\uffff\U0010ffff", `\uffff\U0010ffff`},
		"not UTF-8":              {"\xff\xc3(\xed\xa0\x80", `\xff\xc3(\xed\xa0\x80`},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, printable.Line(test.in)); diff != "" {
				t.Error(diff)
			}
			if again := printable.Text(test.want); again != test.want {
				t.Errorf("Text changes what Line has made: %q", again)
			}
		})
	}
}

func TestLineIsBounded(t *testing.T) {
	for _, unit := range []string{"x", "ü", "\x1b", "\xff", "\U000e0001"} {
		got := printable.Line(strings.Repeat(unit, 1<<20))
		if len(got) > printable.MaxLine+40 || !utf8.ValidString(got) || !strings.HasSuffix(got, " bytes more)") {
			t.Errorf("%q: %d bytes, ending in %q", unit, len(got), got[max(0, len(got)-40):])
		}
		if again := printable.Line(got); again != got {
			t.Errorf("%q: the second time it ends in %q", unit, again[max(0, len(again)-80):])
		}
	}
	if got := printable.Line(strings.Repeat("x", printable.MaxLine)); len(got) != printable.MaxLine {
		t.Errorf("a line of the longest length has become one of %d bytes", len(got))
	}
}

func TestLines(t *testing.T) {
	want := []string{"KVStore: Ok", "  IPAM:\\x1b[31m", "", "good: 0 failed\\u2028"}
	if diff := cmp.Diff(want, printable.Lines("KVStore: Ok \r\n  IPAM:\x1b[31m\n\ngood: 0 failed\u2028\n\n")); diff != "" {
		t.Error(diff)
	}
	many := printable.Lines(strings.Repeat("a\n", printable.MaxLines+5))
	if len(many) != printable.MaxLines+1 || many[printable.MaxLines] != "… (5 lines more)" {
		t.Errorf("%d lines, the last %q", len(many), many[len(many)-1])
	}
}

// Only the format begins lines, whatever the arguments are.
func TestFprintf(t *testing.T) {
	var out bytes.Buffer
	err := errors.New("no\nfitout: good")
	printable.Fprintf(&out, "%d\t%s|%v|%v|%q|%5.1f %%|%-6s|%x\n", 7, "a\nb\tc", []string{"d\u202e"}, err, "e\n", 1.25, "f", "\n")
	printable.Fprintln(&out, "g\n", err)
	want := "7\ta\\nb c|[d\\u202e]|no\\nfitout: good|\"e\\n\"|  1.2 %|f     |0a\ng\\n no\\nfitout: good\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

// hostile has what must not be printed, in all of Unicode.
var hostile = func() string {
	var all strings.Builder
	for r := rune(0); r <= utf8.MaxRune; r++ {
		if utf8.ValidRune(r) && !strings.Contains(printable.Line(string(r)), string(r)) {
			all.WriteRune(r)
		}
	}
	return all.String()
}()

// What is escaped in JSON and in YAML made from it is the same string to a program.
func TestJSON(t *testing.T) {
	if len(hostile) < 100_000 {
		t.Fatalf("only %d bytes are hostile", len(hostile))
	}
	var out bytes.Buffer
	if err := printable.JSON(&out, map[string]string{"Grüße": hostile}, "  "); err != nil {
		t.Fatal(err)
	}
	if printable.Text(out.String()) != out.String() {
		t.Error("the JSON has what must not be printed")
	}
	back := map[string]string{}
	if err := json.Unmarshal(out.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if back["Grüße"] != hostile {
		t.Error("not the same string when it is read again")
	}
	plain, err := json.Marshal("a\u202e\u009b\u2028\x7f\U000e0001b")
	if err != nil {
		t.Fatal(err)
	}
	var text string
	if err := yaml.Unmarshal([]byte(printable.Text(string(plain))), &text); err != nil || text != "a\u202e\u009b\u2028\x7f\U000e0001b" {
		t.Errorf("read as YAML it is %q, %v", text, err)
	}
}

// It does not matter where a text is cut into writes.
func TestWriter(t *testing.T) {
	const text = "ä\u202e\U000e0001\x1b\xffb\n\t✓\xc3"
	for cut := range len(text) {
		var out bytes.Buffer
		w := &printable.Writer{W: &out}
		for _, part := range []string{text[:cut], text[cut:]} {
			if n, err := w.Write([]byte(part)); err != nil || n != len(part) {
				t.Fatalf("Write returned %d, %v", n, err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(printable.Text(text), out.String()); diff != "" {
			t.Errorf("cut at %d: %s", cut, diff)
		}
	}
}
