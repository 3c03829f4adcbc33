package probe_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/probe"
)

// two are the tasks whose results are read.
var two = []probe.Task{{ID: "a"}, {ID: "b"}}

func TestParseResults(t *testing.T) {
	long := strings.Repeat("é", 1000)
	results, err := probe.ParseResults([]byte(`[{"id":"a","ok":true,"took":"1ms","tries":1,"answer":"200 OK"},{"id":"b","error":"`+long+`"}]`+"\n"), two)
	if err != nil || len(results) != 2 || !results[0].OK || results[0].Answer != "200 OK" || results[1].Error != long[:1024] {
		t.Errorf("%+v, error %v", results, err)
	}
	if results, err := probe.ParseResults([]byte("[]"), nil); err != nil || len(results) != 0 {
		t.Errorf("no tasks: %+v, error %v", results, err)
	}
	for name, text := range map[string]string{
		"nothing":             "",
		"no list":             `{"id":"a"}`,
		"null":                "null",
		"no result":           "[]",
		"one of two":          `[{"id":"a"}]`,
		"three of two":        `[{"id":"a"},{"id":"b"},{"id":"c"}]`,
		"another task":        `[{"id":"a"},{"id":"c"}]`,
		"the other order":     `[{"id":"b"},{"id":"a"}]`,
		"null as a result":    `[{"id":"a"},null]`,
		"no list's end":       `[{"id":"a"},{"id":"b"}`,
		"more text":           `[{"id":"a"},{"id":"b"}][]`,
		"no duration":         `[{"id":"a","took":"long"},{"id":"b"}]`,
		"a negative duration": `[{"id":"a","took":"-1s"},{"id":"b"}]`,
		"negative tries":      `[{"id":"a","tries":-1},{"id":"b"}]`,
		"too many bytes":      `[{"id":"a"},{"id":"b","error":"` + strings.Repeat("x", 16<<10) + `"}]`,
		"an empty list":       "[" + strings.Repeat("{},", 1000) + "{}]",
	} {
		if results, err := probe.ParseResults([]byte(text), two); err == nil {
			t.Errorf("%s: %+v", name, results)
		}
	}
}

// FuzzParseResults: whatever a pod prints, what is taken is a result for each task, bounded, and read again it is the same.
func FuzzParseResults(f *testing.F) {
	f.Add([]byte(`[{"id":"a","ok":true,"took":"1ms","tries":1,"answer":"200 OK"},{"id":"b","took":"5s","tries":3,"error":"i/o timeout"}]`))
	f.Add([]byte(`[{"id":"a"},{"id":"b","answer":"\ud800"}] `))
	f.Add([]byte(`[{"id":"a","took":"9999999h"},{}]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		results, err := probe.ParseResults(text, two)
		if err != nil {
			return
		}
		again, err := json.Marshal(results)
		if err != nil {
			t.Fatal(err)
		}
		same, err := probe.ParseResults(again, two)
		if err != nil || len(same) != 2 || same[0] != results[0] || same[1] != results[1] {
			t.Errorf("%+v, then %+v, error %v", results, same, err)
		}
		for i, r := range results {
			if r.ID != two[i].ID || len(r.Answer) > 1024 || len(r.Error) > 1024 {
				t.Errorf("result %d: %+v", i, r)
			}
		}
	})
}
