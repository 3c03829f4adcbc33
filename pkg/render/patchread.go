package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"go.yaml.in/yaml/v3"
	kubeyaml "sigs.k8s.io/yaml"
)

// operations are the operations of a JSON6902 patch, and the fields that each needs beside op and path.
var operations = map[string]string{"add": "value", "replace": "value", "test": "value", "remove": "", "move": "from", "copy": "from"}

const patchForms = "give a partial object, or a list of operations such as [{op: replace, path: /spec/replicas, value: 2}]"

// readPatch reads the text of a patch: partial objects (map[string]any), or one list of operations ([]any). The text is not
// repeated in a fault.
func readPatch(p clusterfile.Patch) ([]any, *strictyaml.Fault) {
	documents, err := yamlDocuments(p.Patch)
	problem, remedy := "", ""
	switch {
	case err != nil:
		problem, remedy = err.Error(), "correct it"
	case len(documents) == 0:
		problem, remedy = "is empty", patchForms+", or remove the patch"
	case len(documents) > 1 && !p.Target.Empty():
		problem, remedy = fmt.Sprintf("holds %d documents for one target", len(documents)), "give each an entry of its own"
	}
	for i, document := range documents {
		if problem == "" {
			problem, remedy = judgeDocument(document, i, p.Target.Empty())
		}
	}
	if problem != "" {
		return nil, &strictyaml.Fault{Field: ".patch", Problem: problem, Remedy: remedy}
	}
	return documents, nil
}

// yamlDocuments reads documents as JSON has them: keys are strings, and dates and large numbers stay as they are written.
func yamlDocuments(text string) ([]any, error) {
	decoder := yaml.NewDecoder(strings.NewReader(text))
	var all []any
	for {
		var node yaml.Node
		err := decoder.Decode(&node)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, unreadable(err)
		}
		if twice := repeated(&node); twice != nil {
			return nil, fmt.Errorf("has the key %s a second time in one mapping, at line %d of the patch", strictyaml.Join("", twice.Value), twice.Line)
		}
		document, err := jsonOf(&node)
		if err != nil {
			return nil, err
		}
		if document != nil {
			all = append(all, document)
		}
	}
}

func jsonOf(node *yaml.Node) (any, error) {
	one, err := yaml.Marshal(node)
	if err != nil {
		return nil, unreadable(err)
	}
	text, err := kubeyaml.YAMLToJSON(one)
	if err != nil {
		return nil, unreadable(err)
	}
	numbers := json.NewDecoder(bytes.NewReader(text))
	numbers.UseNumber()
	var document any
	if err := numbers.Decode(&document); err != nil {
		return nil, unreadable(err)
	}
	return document, nil
}

// repeated returns a key that stands in a mapping for the second time, or nil: the first one would be lost.
func repeated(node *yaml.Node) *yaml.Node {
	seen := map[string]bool{}
	for i, child := range node.Content {
		if node.Kind == yaml.MappingNode && i%2 == 0 && child.Kind == yaml.ScalarNode {
			if seen[child.Value] {
				return child
			}
			seen[child.Value] = true
		}
		if twice := repeated(child); twice != nil {
			return twice
		}
	}
	return nil
}

// unreadable says where a patch cannot be read, and nothing of what it holds: that may be a password.
func unreadable(err error) error {
	if at := position.FindString(err.Error()); at != "" {
		return errors.New("is not YAML: an error at " + at + " of the patch")
	}
	return errors.New("is not YAML: an error somewhere in the patch")
}

var position = regexp.MustCompile(`line [0-9]+`)

// judgeDocument says what is wrong with the shape of one document of a patch, if anything.
func judgeDocument(document any, index int, noTarget bool) (problem, remedy string) {
	switch d := document.(type) {
	case map[string]any:
		if len(d) == 0 {
			return "changes nothing", patchForms + ", or remove the patch"
		}
		if _, ok := d["metadata"].(map[string]any); !ok && d["metadata"] != nil {
			return "has metadata that is not a mapping", "give metadata: {name: ..., namespace: ...}"
		}
		if unknownDirective(d) {
			return "has a $patch that is none of delete, merge and replace", "correct it, or remove it"
		}
		return "", ""
	case []any:
		switch {
		case index > 0:
			return "mixes partial objects and operations", "give each an entry of its own"
		case noTarget:
			return "is a list of operations without a target", "add a target, such as {kind: Deployment, name: coredns}"
		case len(d) == 0:
			return "has no operations", patchForms + ", or remove the patch"
		}
		return judgeOperations(d)
	}
	return "is a single value", patchForms
}

// unknownDirective reports whether a partial object says with $patch what no merge knows: it would be left out.
func unknownDirective(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		if directive, given := v["$patch"]; given && directive != "delete" && directive != "merge" && directive != "replace" {
			return true
		}
		return slices.ContainsFunc(slices.Collect(maps.Values(v)), unknownDirective)
	case []any:
		return slices.ContainsFunc(v, unknownDirective)
	}
	return false
}

func judgeOperations(list []any) (problem, remedy string) {
	for i, entry := range list {
		operation, _ := entry.(map[string]any)
		op, _ := operation["op"].(string)
		needs, known := operations[op]
		path, isPath := operation["path"].(string)
		_, given := operation[needs]
		at := fmt.Sprintf("has an operation %d ", i+1)
		switch {
		case !known:
			return at + fmt.Sprintf("whose op is %q", strictyaml.Clip(op)), strictyaml.Suggest(op, []string{"add", "copy", "move", "remove", "replace", "test"})
		case !isPath || path != "" && !strings.HasPrefix(path, "/"):
			return at + "without a path that begins with a slash", "give one such as /spec/replicas"
		case needs != "" && !given:
			return at + fmt.Sprintf("(%s %s) without %s", op, strictyaml.Clip(path), needs), "add " + needs
		}
	}
	return "", ""
}
