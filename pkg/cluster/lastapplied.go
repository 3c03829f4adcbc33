package cluster

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"io"

	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	corev1 "k8s.io/api/core/v1"
)

// lastApplied is the annotation with what Fitout applied last, as JSON, compressed and in base64: the third of the three
// ways. kubectl's own is limited to 256 KiB of plain JSON, which large CRDs exceed.
const lastApplied = inventory.LastApplied

func setAnnotation(o *manifest.Object, key, value string) {
	annotations := o.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[key] = value
	o.SetAnnotations(annotations)
}

func encodeApplied(o *manifest.Object) (string, error) {
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

// decodeApplied returns what Fitout applied last, with its record in it as it was sent, or nil where there is none.
func decodeApplied(live *manifest.Object) ([]byte, error) {
	record, ok := live.GetAnnotations()[lastApplied]
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

// kubectlApplied returns what kubectl applied last, where it did.
func kubectlApplied(live *manifest.Object) []byte {
	if text := live.GetAnnotations()[corev1.LastAppliedConfigAnnotation]; json.Valid([]byte(text)) {
		return []byte(text)
	}
	return nil
}
