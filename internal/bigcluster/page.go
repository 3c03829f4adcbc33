package bigcluster

import (
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"
)

// A page is a part of a list: the objects from start to end.
type page struct {
	list
	resource   string
	start, end int
	next       string // continue token
}

// page is the part of a list that a request asks for. Only what Fitout rendered has the labels by which it selects.
func (l list) page(resource string, query url.Values) page {
	if query.Get("labelSelector") != "" {
		l = list{objects: l.rendered()}
	}
	start, _ := strconv.Atoi(query.Get("continue"))
	p := page{list: l, resource: resource, start: start, end: l.len()}
	if limit, err := strconv.Atoi(query.Get("limit")); err == nil && limit > 0 && start+limit < p.end {
		p.end, p.next = start+limit, strconv.Itoa(start+limit)
	}
	return p
}

// kind is that of the list: NodeList.
func (p page) kind() string {
	one := strings.TrimSuffix(p.resource, "s")
	return strings.ToUpper(one[:1]) + one[1:] + "List"
}

func (p page) writeJSON(w io.Writer) error {
	_, err := fmt.Fprintf(w, `{"kind":%q,"apiVersion":"v1","metadata":{"resourceVersion":"1","continue":%q},"items":[`, p.kind(), p.next)
	for i := p.start; i < p.end && err == nil; i++ {
		if i > p.start {
			io.WriteString(w, ",") //nolint:errcheck // a failure stays with the writer
		}
		object, node := p.of(i, false)
		err = object.write(w, node)
	}
	if err == nil {
		_, err = io.WriteString(w, "]}")
	}
	return err
}

// The numbers of fields of a list, and of the message around it (apimachinery/pkg/runtime and api/core/v1, generated.proto).
const (
	unknownType, unknownRaw = 1, 2
	listMeta, listItems     = 1, 2
)

// writeProtobuf writes the list as an API server does: the length of all of it comes before the objects.
func (p page) writeProtobuf(w io.Writer) error {
	kind, err := (&runtime.TypeMeta{APIVersion: "v1", Kind: p.kind()}).Marshal()
	if err != nil {
		return err
	}
	meta, err := (&metav1.ListMeta{ResourceVersion: "1", Continue: p.next, RemainingItemCount: ptr.To(int64(p.len() - p.end))}).Marshal()
	if err != nil {
		return err
	}
	begin := protowire.AppendBytes(protowire.AppendTag(nil, listMeta, protowire.BytesType), meta)
	total := len(begin)
	for i := p.start; i < p.end; i++ {
		object, _ := p.of(i, true)
		total += protowire.SizeTag(listItems) + protowire.SizeBytes(len(object.text))
	}
	head := protowire.AppendBytes(protowire.AppendTag([]byte("k8s\x00"), unknownType, protowire.BytesType), kind)
	head = protowire.AppendVarint(protowire.AppendTag(head, unknownRaw, protowire.BytesType), uint64(total))
	if _, err := w.Write(append(head, begin...)); err != nil {
		return err
	}
	for i := p.start; i < p.end; i++ {
		object, node := p.of(i, true)
		if _, err := w.Write(protowire.AppendVarint(protowire.AppendTag(nil, listItems, protowire.BytesType), uint64(len(object.text)))); err != nil {
			return err
		}
		if err := object.write(w, node); err != nil {
			return err
		}
	}
	return nil
}
