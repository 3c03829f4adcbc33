package fieldowner

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/fitout-dev/fitout/pkg/manifest"
	corev1 "k8s.io/api/core/v1"
)

// LastApplied is the annotation with the object that Fitout applied last, as JSON, compressed and in base64: the base of a
// three-way merge. kubectl's own is limited to 256 KiB of plain JSON, which large CRDs exceed.
const LastApplied = "fitout.dev/last-applied"

// EncodeApplied returns an object in the form of the annotation LastApplied.
func EncodeApplied(o *manifest.Object) (string, error) {
	text, err := json.Marshal(o.Object)
	if err != nil {
		return "", err
	}
	return compress(text)
}

// compress is the reverse of manifest.Inflate.
func compress(text []byte) (string, error) {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(text); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(out.Bytes()), nil
}

// Bounds of a record. Anybody who may change the object can have written its annotations. No Kubernetes object is larger
// than 1.5 MiB, and the largest of the bundles, a definition, has some 30 KB and nests about 20 deep.
const (
	maxApplied = 2 << 20 // bytes of JSON
	maxDepth   = 200
	maxValues  = 200_000
)

// DecodeApplied returns what Fitout applied last, with its record in it as it was sent, or nil if there is no record.
func DecodeApplied(live *manifest.Object) ([]byte, error) {
	record, ok := live.GetAnnotations()[LastApplied]
	if !ok {
		return nil, nil
	}
	inflated, err := manifest.Inflate(record, maxApplied)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(inflated)
	if err != nil {
		return nil, err
	}
	return text, validApplied(text)
}

// KubectlApplied returns what kubectl applied last, or nil if there is no such record or it is no object.
func KubectlApplied(live *manifest.Object) []byte {
	text := []byte(live.GetAnnotations()[corev1.LastAppliedConfigAnnotation])
	if validApplied(text) != nil {
		return nil
	}
	return text
}

// validApplied refuses what is no JSON object, or would take much more memory than text once it is decoded.
func validApplied(text []byte) error {
	if len(text) > maxApplied {
		return fmt.Errorf("it has %d bytes, more than %d", len(text), maxApplied)
	}
	if !bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("{")) || !json.Valid(text) {
		return errors.New("it is not a JSON object")
	}
	depth, values, inString := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			depth, values = depth+1, values+1
		case c == '}' || c == ']':
			depth--
		case c == ',':
			values++
		}
		if depth > maxDepth || values > maxValues {
			return fmt.Errorf("it nests deeper than %d, or has more than %d values", maxDepth, maxValues)
		}
	}
	return nil
}
