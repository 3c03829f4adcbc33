package bundle

import (
	"bytes"
	"fmt"
	"text/template"

	"github.com/Masterminds/sprig/v3"
)

// expand executes a template over the cluster file. It has the sprig functions that give the same result every time.
func expand(name, text string, data map[string]any) (string, error) {
	t, err := template.New(name).Option("missingkey=error").Funcs(sprig.HermeticTxtFuncMap()).Parse(text)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, data); err != nil {
		return "", err
	}
	return out.String(), nil
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
	return false, fmt.Errorf("%s: when: %q is %q; it must be true or false", name, expression, result)
}
