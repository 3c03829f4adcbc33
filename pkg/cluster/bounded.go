package cluster

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"sync/atomic"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// An allowance bounds one answer, as it is after decompression.
type allowance struct {
	bytes int64
	// memory bounds what the JSON of the answer takes when it is decoded into maps, by estimate: {"a":0} is 7 bytes of an
	// answer and 340 in memory.
	memory int64
	text   bool          // not JSON: a log, or the answer of a node
	binary bool          // may be protobuf, whose reader estimates the memory
	taken  *atomic.Int64 // counts the memory that is estimated; nil if nobody wants to know
}

var (
	// versionAnswer is for /version, which has 300 bytes.
	versionAnswer = allowance{bytes: 64 << 10, memory: 1 << 20}
	// oneObject is for one object: etcd takes 1.5 MiB by default.
	oneObject = allowance{bytes: 8 << 20, memory: 128 << 20}
	// onePage is for a page of a list. A pod has some 10 KB; where objects are larger, fewer are asked for.
	onePage = allowance{bytes: 32 << 20, memory: 256 << 20}
	// plainText is for what is not decoded; its readers have bounds of their own.
	plainText = allowance{bytes: 1 << 20, text: true}
)

// deepest is how deep JSON may be nested. Schemas of definitions have some 60 levels.
const deepest = 1000

// bounded returns a body that fails once it goes beyond an allowance.
func bounded(body io.ReadCloser, request string, a allowance) io.ReadCloser {
	return &boundedBody{ReadCloser: body, request: request, allowed: a}
}

type boundedBody struct {
	io.ReadCloser
	request string
	allowed allowance
	read    int64
	binary  bool // it begins like protobuf
	json    jsonMeter
}

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.read += int64(n); b.read > b.allowed.bytes {
		return 0, b.refuse(fmt.Sprintf("the answer has more than %s", size(b.allowed.bytes)))
	}
	if b.read == int64(n) && n > 0 {
		b.binary = p[0] == binaryMark[0] // no JSON begins so
	}
	switch {
	case b.allowed.text, b.binary && b.allowed.binary:
		return n, err
	case b.binary:
		return 0, b.refuse("the answer is in a format that was not asked for")
	}
	before := b.json.memory
	b.json.add(p[:n])
	if b.allowed.taken != nil {
		b.allowed.taken.Add(b.json.memory - before)
	}
	switch {
	case b.json.memory > b.allowed.memory:
		return 0, b.refuse(beyondMemory(b.allowed.memory))
	case b.json.depth > deepest:
		return 0, b.refuse(fmt.Sprintf("the answer is nested more than %d levels deep", deepest))
	}
	return n, err
}

func (b *boundedBody) refuse(fault string) error { return refuse(b.request, fault) }

// refuse is the error of an answer that goes beyond its allowance.
func refuse(request, fault string) error {
	return &AnswerError{Request: request, Fault: fault, large: true, Remedy: "no API server answers so: look at what is there, and at what is between it and here"}
}

func beyondMemory(most int64) string {
	return fmt.Sprintf("the answer would take more than %s of memory", size(most))
}

// binaryMark begins what an API server encodes as protobuf (Kubernetes, apimachinery/pkg/runtime/serializer/protobuf).
var binaryMark = []byte("k8s\x00")

// failureBytes bounds a failure that is encoded as protobuf, which nobody estimates before it is decoded.
const failureBytes = 64 << 10

// statusOf reads the Status that an API server answers with when a request fails.
func statusOf(body []byte) (status metav1.Status, ok bool) {
	if encoded, is := bytes.CutPrefix(body, binaryMark); is {
		var outer runtime.Unknown
		ok = len(body) <= failureBytes && outer.Unmarshal(encoded) == nil && outer.Kind == "Status" && status.Unmarshal(outer.Raw) == nil
	} else {
		ok = json.Unmarshal(body, &status) == nil
	}
	return status, ok && status.Status == metav1.StatusFailure
}

// size is a number of bytes for people: 64 KiB, 8 MiB.
func size(bytes int64) string {
	if bytes < 1<<20 {
		return fmt.Sprintf("%d KiB", bytes>>10)
	}
	return fmt.Sprintf("%d MiB", bytes>>20)
}

// What values take in memory, in a map[string]any of Go 1.26: an object with one key has its header and a group of eight
// entries; every further value has its interface and, unless it is small, what that refers to.
const (
	objectMemory = 340
	valueMemory  = 56
)

// jsonMeter estimates what JSON takes once it is decoded, while it passes by.
type jsonMeter struct {
	memory  int64
	depth   int
	quoted  bool
	escaped bool
}

func (m *jsonMeter) add(p []byte) {
	m.memory += int64(len(p))
	for _, c := range p {
		switch {
		case m.escaped:
			m.escaped = false
		case m.quoted:
			m.escaped, m.quoted = c == '\\', c != '"'
		case c == '"':
			m.quoted = true
		case c == '{':
			m.memory, m.depth = m.memory+objectMemory, m.depth+1
		case c == '[':
			m.memory, m.depth = m.memory+valueMemory, m.depth+1
		case c == ',':
			m.memory += valueMemory
		case c == '}', c == ']':
			m.depth--
		}
	}
}
