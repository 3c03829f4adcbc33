package cluster

import (
	"errors"
	"reflect"
	"strconv"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"google.golang.org/protobuf/encoding/protowire"
	"k8s.io/apimachinery/pkg/api/resource"
)

// A part is what becomes of a field of an object that is read.
type part int

const (
	single  part = iota // read with each object
	shared              // the same in many objects: read once, and shared by them
	dropped             // not read
)

// A shape is a message of protobuf: its fields by their numbers, made from the tags of the Go type into which it is decoded.
type shape []wireField

type wireField struct {
	known   bool // a field of another number is not decoded
	part    part
	mixed   bool               // fields within it are of other parts
	has     [3]bool            // the parts of what is within it
	memory  int64              // what one takes once it is decoded, besides its bytes
	amount  []protowire.Number // the fields within it that lead to the text of a quantity; nil for what has none
	message shape              // nil for what is not a message
}

// shapeOf makes the shape of a type. parts are by path (metadata.managedFields); what is within a field is of its part, unless
// it has another one.
func shapeOf(t reflect.Type, parts map[string]part) shape {
	return shapes{parts: parts, done: map[reflect.Type]shape{}}.of(t, "", single)
}

type shapes struct {
	parts map[string]part
	done  map[reflect.Type]shape // of types within which everything is of one part
}

func (s shapes) of(t reflect.Type, path string, within part) shape {
	uniform := path != "" && !s.mixed(path)
	if done, ok := s.done[t]; ok && uniform {
		return done
	}
	var all shape
	for i := range t.NumField() {
		number, name, ok := protobufTag(t.Field(i))
		if !ok {
			continue
		}
		name = strings.TrimPrefix(path+"."+name, ".")
		f := wireField{known: true, part: within, mixed: s.mixed(name)}
		if part, ok := s.parts[name]; ok {
			f.part = part
		}
		element, memory := elementOf(t.Field(i).Type)
		f.memory, f.amount = memory, amountOf(t.Field(i).Type)
		if element.Kind() == reflect.Struct && f.amount == nil {
			f.message = s.of(element, name, f.part)
		}
		f.has[f.part] = !f.mixed
		for _, inner := range f.message {
			for part, has := range inner.has {
				f.has[part] = f.has[part] || f.mixed && has
			}
		}
		all = append(all, make(shape, max(0, number+1-len(all)))...)
		all[number] = f
	}
	if uniform {
		s.done[t] = all
	}
	return all
}

// mixed reports whether a part is given to a field within the one at a path.
func (s shapes) mixed(path string) bool {
	for rule := range s.parts {
		if strings.HasPrefix(rule, path+".") {
			return true
		}
	}
	return false
}

// protobufTag reads the tag of a field of the Kubernetes API: bytes,17,rep,name=managedFields.
func protobufTag(f reflect.StructField) (number int, name string, ok bool) {
	words := strings.Split(f.Tag.Get("protobuf"), ",")
	if len(words) < 2 {
		return 0, "", false
	}
	for _, word := range words {
		if after, is := strings.CutPrefix(word, "name="); is {
			name = after
		}
	}
	number, err := strconv.Atoi(words[1])
	return number, name, err == nil
}

// elementOf is what one occurrence of a field adds to an object, and what that takes in memory: a slice that grows takes twice
// of it, an entry of a map as well.
func elementOf(t reflect.Type) (element reflect.Type, memory int64) {
	switch t.Kind() {
	case reflect.Slice:
		return t.Elem(), 2 * int64(t.Elem().Size())
	case reflect.Map:
		return t.Key(), 2 * int64(t.Key().Size()+t.Elem().Size()+1)
	case reflect.Pointer:
		return t.Elem(), int64(t.Elem().Size())
	}
	return t, 0
}

// amountOf is where the text of a quantity stands in a field that is one, or a map of them.
func amountOf(t reflect.Type) []protowire.Number {
	const entryValue, text = 2, 1
	quantity := reflect.TypeFor[resource.Quantity]()
	switch {
	case t.Kind() == reflect.Map && t.Elem() == quantity:
		return []protowire.Number{entryValue, text}
	case t == quantity, (t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice) && t.Elem() == quantity:
		return []protowire.Number{text}
	}
	return nil
}

// costly reports whether a message has a quantity that takes hours to decode.
func costly(message []byte, amount []protowire.Number) bool {
	if len(amount) == 0 {
		return manifest.CostlyQuantity(string(message))
	}
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return false // which is found when it is decoded
		}
		m := protowire.ConsumeFieldValue(number, kind, message[n:])
		if m < 0 {
			return false
		}
		if number == amount[0] && kind == protowire.BytesType {
			if value, _ := protowire.ConsumeBytes(message[n:]); costly(value, amount[1:]) {
				return true
			}
		}
		message = message[n+m:]
	}
	return false
}

var (
	errWire     = errors.New("it is not protobuf of the kind that was asked for")
	errQuantity = errors.New("it has a quantity that is of no use")
	errMemory   = errors.New("it takes more memory than is left")
)

// take appends to out the fields of a message that are of a part, and subtracts from left what they take in memory. The error is
// errMemory if they take more.
func (s shape) take(out, message []byte, want part, left *int64) ([]byte, error) {
	for len(message) > 0 {
		f, whole, value, err := s.next(message)
		if err != nil {
			return nil, err
		}
		message = message[len(whole):]
		switch {
		case !f.known || !f.has[want]:
		case f.mixed:
			start := len(out)
			tag := len(whole) - len(value) // with the length, which is replaced
			out = append(out, whole[:tag]...)
			if out, err = f.message.take(out, value, want, left); err != nil {
				return nil, err
			}
			setLength(out[start:start+tag], len(out)-start-tag)
			*left -= f.memory
		default:
			out = append(out, whole...)
			if err := f.weigh(value, left); err != nil {
				return nil, err
			}
		}
		if *left < 0 {
			return nil, errMemory
		}
	}
	return out, nil
}

// next is the first field of a message. value is the end of whole, for a field that has a length.
func (s shape) next(message []byte) (f wireField, whole, value []byte, err error) {
	number, kind, n := protowire.ConsumeTag(message)
	if n < 0 {
		return f, nil, nil, errWire
	}
	m := protowire.ConsumeFieldValue(number, kind, message[n:])
	if m < 0 {
		return f, nil, nil, errWire
	}
	if int64(number) < int64(len(s)) {
		f = s[number]
	}
	whole = message[:n+m]
	switch {
	case kind == protowire.BytesType:
		value, _ = protowire.ConsumeBytes(message[n:])
	case f.message != nil:
		return f, nil, nil, errWire
	}
	return f, whole, value, nil
}

// weigh subtracts from left what a field takes in memory.
func (f wireField) weigh(value []byte, left *int64) error {
	*left -= f.memory
	if f.amount != nil && costly(value, f.amount) {
		return errQuantity
	}
	if f.message == nil {
		*left -= int64(len(value))
		return nil
	}
	for len(value) > 0 {
		inner, whole, text, err := f.message.next(value)
		if err != nil {
			return err
		}
		value = value[len(whole):]
		if !inner.known {
			continue
		}
		if err := inner.weigh(text, left); err != nil {
			return err
		}
	}
	return nil
}

// setLength writes the length of a message into the place of a larger one, which is the end of its tag. A number may have more
// bytes than it needs.
func setLength(tag []byte, length int) {
	_, _, n := protowire.ConsumeTag(tag)
	for i := n; i < len(tag); i++ {
		tag[i] = byte(length&0x7f) | 0x80
		length >>= 7
	}
	tag[len(tag)-1] &^= 0x80
}
