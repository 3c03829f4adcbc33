package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	// MaxBytes is the size of the largest file that is read, in bytes. The largest cluster files seen are a few KiB.
	MaxBytes = 1 << 20
	// maxNodes bounds what a document may expand to through aliases.
	maxNodes = 50_000
	// maxDepth bounds how deep it may nest: the paths of the fields in it grow with their depth.
	maxDepth = 50
)

// document parses data and returns the content of its only document.
func document(file string, data []byte) (*yaml.Node, *Fault) {
	if len(data) > MaxBytes {
		return nil, &Fault{File: file, Problem: fmt.Sprintf("is larger than %d KiB", MaxBytes>>10),
			Remedy: "give the file that describes the cluster, not a rendered manifest or an archive"}
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var docs []*yaml.Node
	for {
		var n yaml.Node
		err := dec.Decode(&n)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, &Fault{File: file, Problem: "is not YAML: " + strings.TrimPrefix(err.Error(), "yaml: "), Remedy: "mend the syntax"}
		}
		if len(n.Content) > 0 && !null(n.Content[0]) {
			docs = append(docs, n.Content[0])
		}
	}
	switch {
	case len(docs) == 0:
		return nil, &Fault{File: file, Problem: "is empty", Remedy: "write at least apiVersion and kind"}
	case len(docs) > 1:
		return nil, &Fault{File: file, Line: docs[1].Line, Problem: fmt.Sprintf("holds %d documents", len(docs)), Remedy: "keep one document per file"}
	}
	if !within(docs[0], 0, new(int)) {
		return nil, &Fault{File: file, Problem: fmt.Sprintf("holds more than %d values or %d levels, with its aliases expanded", maxNodes, maxDepth),
			Remedy: "nest no aliases, and give only what one cluster needs"}
	}
	return docs[0], nil
}

// within reports whether the nodes under n, with aliases expanded, keep to maxNodes and maxDepth. An alias to what it
// stands in has no end, and does not.
func within(n *yaml.Node, depth int, count *int) bool {
	n = target(n)
	if *count++; *count > maxNodes || depth > maxDepth {
		return false
	}
	for _, c := range n.Content {
		if !within(c, depth+1, count) {
			return false
		}
	}
	return true
}

// target follows an alias to the node that it stands for.
func target(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func null(n *yaml.Node) bool {
	n = target(n)
	return n.Kind == yaml.ScalarNode && n.Tag == "!!null"
}
