package cluster

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"
)

// The fields of a list as an API server encodes it: a runtime.Unknown, which has its type and the list itself, of which all
// kinds have the same fields (Kubernetes, apimachinery/pkg/runtime/generated.proto and api/core/v1/generated.proto).
const (
	unknownType = 1
	unknownRaw  = 2
	listMeta    = 1
	listItems   = 2
)

// metaBytes bounds the type and the metadata of a list.
const metaBytes = 64 << 10

// binary reads a page that is protobuf, one object after the other.
func (l leanList[T]) binary(answer *bufio.Reader, allowed allowance) (found page[T], err error) {
	if _, err := answer.Discard(len(binaryMark)); err != nil {
		return found, err
	}
	var kind runtime.TypeMeta
	outer := wireReader{in: answer, left: math.MaxInt64, open: true, request: l.request()}
	err = outer.fields(func(number protowire.Number, length int64) error {
		switch number {
		case unknownType:
			encoded, err := outer.bytes(nil, length, metaBytes)
			if err != nil {
				return err
			}
			return decoded(kind.Unmarshal(encoded))
		case unknownRaw:
			if err := listOf(kind.Kind, core(l.resource)); err != nil {
				return err
			}
			found, err = l.items(&wireReader{in: answer, left: length, request: l.request()}, allowed)
			return err
		}
		return outer.skip(length)
	})
	if err == nil {
		err = listOf(kind.Kind, core(l.resource)) // of an answer without a list
	}
	return found, err
}

func (l leanList[T]) items(in *wireReader, allowed allowance) (found page[T], err error) {
	found.items = make([]T, 0, leanPage)
	var item []byte // is used again
	left := allowed.memory
	err = in.fields(func(number protowire.Number, length int64) error {
		switch number {
		case listMeta:
			encoded, err := in.bytes(nil, length, metaBytes)
			if err != nil {
				return err
			}
			var meta metav1.ListMeta
			err = decoded(meta.Unmarshal(encoded))
			found.next, found.more = meta.Continue, ptr.Deref(meta.RemainingItemCount, 0)
			return err
		case listItems:
			if item, err = in.bytes(item, length, oneObject.bytes); err != nil {
				return err
			}
			one, err := l.one(item, allowed, &left)
			found.items = append(found.items, one)
			return err
		}
		return in.skip(length)
	})
	return found, err
}

// A wireReader reads a message of protobuf.
type wireReader struct {
	in      *bufio.Reader
	left    int64 // of the message, in bytes
	open    bool  // it ends with the answer
	request string
}

// ReadByte reads a byte of the message.
func (w *wireReader) ReadByte() (byte, error) {
	if w.left == 0 {
		return 0, io.EOF
	}
	b, err := w.in.ReadByte()
	if err == nil {
		w.left--
	}
	return b, err
}

// fields passes each field on until the end of the message. The callee takes as many bytes as it has. Messages of lists
// have no other fields than such with a length.
func (w *wireReader) fields(take func(number protowire.Number, length int64) error) error {
	for {
		tag, err := binary.ReadUvarint(w)
		if errors.Is(err, io.EOF) && (w.left == 0 || w.open) {
			return nil
		}
		length := uint64(0)
		if err == nil {
			length, err = binary.ReadUvarint(w)
		}
		if err != nil {
			return unexpected(err)
		}
		number, kind := protowire.DecodeTag(tag)
		if kind != protowire.BytesType || int64(length) < 0 || int64(length) > w.left {
			return &garbledError{errWire}
		}
		if err := take(number, int64(length)); err != nil {
			return err
		}
	}
}

// bytes reads the value of a field into a buffer, which grows as it takes.
func (w *wireReader) bytes(buffer []byte, length, most int64) ([]byte, error) {
	if length > most {
		return nil, refuse(w.request, "an object of it has more than "+size(most))
	}
	if int64(cap(buffer)) < length {
		buffer = make([]byte, length)
	}
	buffer = buffer[:length]
	n, err := io.ReadFull(w.in, buffer)
	w.left -= int64(n)
	return buffer, unexpected(err)
}

func (w *wireReader) skip(length int64) error {
	n, err := io.CopyN(io.Discard, w.in, length)
	w.left -= n
	return unexpected(err)
}

// decoded is the error of a message that came whole.
func decoded(err error) error {
	if err != nil {
		return &garbledError{err}
	}
	return nil
}

// unexpected is the error of an answer that ends too early, or has too large a number.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return io.ErrUnexpectedEOF
	}
	return decoded(err)
}
