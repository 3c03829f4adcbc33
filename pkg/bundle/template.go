package bundle

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"text/template"
	"time"

	"github.com/Masterminds/sprig/v3"
)

// Bounds of what a template may take and give. What bundles have takes microseconds and gives 2 KiB.
const (
	maxExpansion = 1 << 20
)

// expandWithin is how long a template may take.
var expandWithin = 30 * time.Second

var errExpansion = fmt.Errorf("gives more than %d KiB; shorten what it repeats", maxExpansion>>10)

// functions is a template without text that has the functions of all.
var functions = sync.OnceValue(func() *template.Template {
	return template.New("").Option("missingkey=error").Funcs(sprig.HermeticTxtFuncMap()).Funcs(bounded())
})

// expand executes a template over the cluster file. It has the sprig functions that give the same result every time, with bounds.
func expand(name, text string, data map[string]any) (string, error) {
	if !strings.Contains(text, "{{") {
		return text, nil
	}
	t, err := functions().Clone()
	if err != nil {
		return "", err
	}
	if t, err = t.New(name).Parse(text); err != nil {
		return "", err
	}
	var out bytes.Buffer
	done := make(chan error, 1)
	go func() { done <- execute(t, &limited{&out, maxExpansion}, data) }()
	select {
	case err := <-done:
		return out.String(), err
	case <-time.After(expandWithin):
		// A template cannot be stopped; the program ends with the error.
		return "", fmt.Errorf("template: %s: has not ended after %s; bound its loops", name, expandWithin)
	}
}

func execute(t *template.Template, out *limited, data map[string]any) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("template: %s: panics: %v", t.Name(), r)
		}
	}()
	return t.Execute(out, data)
}

// limited is a writer that takes so many bytes.
type limited struct {
	to   *bytes.Buffer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		return 0, errExpansion
	}
	return l.to.Write(p)
}

// bounded are the functions of sprig whose result grows with a number, bounded.
func bounded() template.FuncMap {
	const most = 10_000
	until := func(from, to, step int) ([]int, error) {
		var list []int
		for i := from; step > 0 && i < to || step < 0 && i > to; i += step {
			if list = append(list, i); len(list) > most {
				return nil, fmt.Errorf("has more than %d steps", most)
			}
		}
		return list, nil
	}
	return template.FuncMap{
		"repeat": func(count int, text string) (string, error) {
			if count < 0 || count > 0 && len(text) > maxExpansion/count {
				return "", errExpansion
			}
			return strings.Repeat(text, count), nil
		},
		"until":     func(to int) ([]int, error) { return until(0, to, sign(to)) },
		"untilStep": until,
		"seq":       func(...int) (string, error) { return "", errors.New("is not offered here; use until or untilStep") },
	}
}

func sign(n int) int {
	if n < 0 {
		return -1
	}
	return 1
}

// holds evaluates the expression of an addon's when.
func holds(name, expression string, data map[string]any) (bool, error) {
	result, err := expand(name, "{{ "+expression+" }}", data)
	if err != nil {
		return false, err
	}
	switch result {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, fmt.Errorf("%q is %q; it must be true or false", expression, result)
}
