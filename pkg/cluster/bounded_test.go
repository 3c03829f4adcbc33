package cluster

import (
	"encoding/json"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

// read reads an answer in small pieces, within an allowance.
func read(answer string, a allowance) error {
	_, err := io.Copy(io.Discard, bounded(io.NopCloser(iotest.HalfReader(strings.NewReader(answer))), "GET /a", a))
	return err
}

func TestAnswersAreBounded(t *testing.T) {
	small := allowance{bytes: 64 << 10, memory: 1 << 20}
	for name, test := range map[string]struct {
		answer  string
		allowed allowance
		says    string
	}{
		"object":         {`{"a":{"b":[1,2,{"c":"}]{["}]}}`, small, ""},
		"as long as may": {strings.Repeat(" ", 64<<10), small, ""},
		"too long":       {strings.Repeat(" ", 64<<10+1), small, "GET /a: the answer has more than 64 KiB; "},
		"many objects":   {strings.Repeat(`{},`, 10000), small, "GET /a: the answer would take more than 1 MiB of memory; "},
		"many arrays":    {strings.Repeat(`[],`, 10000), small, "more than 1 MiB of memory"},
		"deep":           {strings.Repeat(`[`, 1001), small, "nested more than 1000 levels deep"},
		"as deep as may": {strings.Repeat(`[`, 1000) + strings.Repeat(`]`, 1000), small, ""},
		"text of braces": {`"` + strings.Repeat(`{[\"`, 10000) + `"`, small, ""},
		"log":            {strings.Repeat(`{},`, 10000), allowance{bytes: 64 << 10, text: true}, ""},
		"long log":       {strings.Repeat(`a`, 64<<10+1), allowance{bytes: 64 << 10, text: true}, "more than 64 KiB"},
	} {
		err := read(test.answer, test.allowed)
		if (err != nil) != (test.says != "") || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v does not say %q", name, err, test.says)
		}
		var refused *AnswerError
		if err != nil && !errors.As(err, &refused) {
			t.Errorf("%s: %T would be tried again", name, err)
		}
	}
}

// The estimate is not below what decoding takes, for the shapes that take most.
func TestMemoryIsEstimated(t *testing.T) {
	for _, shape := range []string{`{"a":0}`, `{}`, `[]`, `{"a":{"a":0}}`, `"a"`, `1.5`, `null`, `{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9}`} {
		answer := []byte("[" + strings.Repeat(shape+",", 20000) + "0]")
		var meter jsonMeter
		meter.add(answer)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		var decoded any
		if err := json.Unmarshal(answer, &decoded); err != nil {
			t.Fatal(err)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		const others = 64 << 10 // of what else runs in the process
		if took := int64(after.HeapAlloc) - int64(before.HeapAlloc); took > meter.memory+others {
			t.Errorf("%s: takes %d bytes, estimated %d", shape, took, meter.memory)
		}
		runtime.KeepAlive(decoded)
	}
}
