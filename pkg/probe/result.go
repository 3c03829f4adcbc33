package probe

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Bounds of what a pod answers. A pod can be another one than was asked for, or run another program.
const (
	maxResult = 4 << 10 // bytes of JSON for each task
	maxText   = 1 << 10 // bytes of an answer or error that are kept
)

// ParseResults reads the results of tasks, one for each task and in their order. What a pod says is cut to a kilobyte.
func ParseResults(text []byte, tasks []Task) ([]Result, error) {
	if most := maxResult * (len(tasks) + 1); len(text) > most {
		return nil, fmt.Errorf("it has %d bytes, more than %d", len(text), most)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if start, err := d.Token(); err != nil || start != json.Delim('[') {
		return nil, errors.New("it is not a list")
	}
	results := make([]Result, 0, len(tasks))
	for d.More() {
		if len(results) == len(tasks) {
			return nil, fmt.Errorf("it has more than %d results", len(tasks))
		}
		var r Result
		if err := d.Decode(&r); err != nil {
			return nil, fmt.Errorf("result %d cannot be read", len(results))
		}
		if want := tasks[len(results)].ID; r.ID != want || r.Tries < 0 || r.Took.Duration < 0 {
			return nil, fmt.Errorf("result %d is not that of task %s", len(results), want)
		}
		r.Answer, r.Error = cut(r.Answer), cut(r.Error)
		results = append(results, r)
	}
	if _, err := d.Token(); err != nil || len(results) < len(tasks) || len(bytes.TrimSpace(text[d.InputOffset():])) > 0 {
		return nil, fmt.Errorf("it is not a list of %d results", len(tasks))
	}
	return results, nil
}

func cut(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), maxText)], "")
}
