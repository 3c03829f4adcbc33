package manifest

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
)

// maxPacked bounds compressed text before it is decoded, in bytes; no Kubernetes object is larger than 1.5 MiB.
const maxPacked = 2 << 20

// Inflate returns a reader of gzip in base64, the form in which Fitout keeps records inside objects. Anybody who may write
// the object can have written the text: the reader fails after limit bytes instead of ending there, and on anything that
// follows the compressed stream.
func Inflate(text string, limit int) (io.Reader, error) {
	if len(text) > maxPacked {
		return nil, fmt.Errorf("%d bytes of compressed text, more than %d", len(text), maxPacked)
	}
	decoded, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	packed := bytes.NewBuffer(decoded)
	stream, err := gzip.NewReader(packed)
	if err != nil {
		return nil, err
	}
	stream.Multistream(false)
	return &inflated{stream: stream, packed: packed, left: limit, limit: limit}, nil
}

// inflated reads one gzip stream, up to a limit.
type inflated struct {
	stream      *gzip.Reader
	packed      *bytes.Buffer // what the stream is read from; bytes after the stream stay in it
	left, limit int
}

func (r *inflated) Read(p []byte) (int, error) {
	n, err := r.stream.Read(p[:min(len(p), r.left+1)])
	r.left -= n
	switch {
	case r.left < 0:
		return 0, fmt.Errorf("it expands to more than %d bytes", r.limit)
	case errors.Is(err, io.EOF) && r.packed.Len() > 0:
		return 0, fmt.Errorf("%d bytes follow the compressed stream", r.packed.Len())
	}
	return n, err
}
