package fieldowner

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
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

// maxApplied bounds what a record may expand to, in bytes; no Kubernetes object is larger than 1.5 MiB.
const maxApplied = 4 << 20

// DecodeApplied returns what Fitout applied last, with its record in it as it was sent, or nil where there is none.
func DecodeApplied(live *manifest.Object) ([]byte, error) {
	record, ok := live.GetAnnotations()[LastApplied]
	if !ok {
		return nil, nil
	}
	packed, err := base64.StdEncoding.DecodeString(record)
	if err != nil {
		return nil, err
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, maxApplied))
}

// KubectlApplied returns what kubectl applied last, where it did.
func KubectlApplied(live *manifest.Object) []byte {
	if text := live.GetAnnotations()[corev1.LastAppliedConfigAnnotation]; json.Valid([]byte(text)) {
		return []byte(text)
	}
	return nil
}
