package cluster

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/manifest"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// leanPage is how many nodes or pods one LIST request asks for: only one is in memory in whole.
const leanPage = 500

func (c *Client) nodes(ctx context.Context) ([]corev1.Node, error) {
	return leanList[corev1.Node]{client: c, resource: "nodes", read: readNodes()}.all(ctx)
}

func (c *Client) nodeFacts(ctx context.Context) ([]clusterfile.NodeFact, error) {
	return leanList[clusterfile.NodeFact]{client: c, resource: "nodes", read: readFacts()}.all(ctx)
}

func (c *Client) pods(ctx context.Context, namespace string) ([]corev1.Pod, error) {
	return leanList[corev1.Pod]{client: c, resource: "pods", namespace: namespace, read: readPods()}.all(ctx)
}

// A leanList lists a resource of the core group as protobuf, object by object, and reads the parts that are wanted. An API server
// that has no protobuf answers with JSON.
type leanList[T any] struct {
	client              *Client
	resource, namespace string
	read                reader[T]
}

func (l leanList[T]) all(ctx context.Context) ([]T, error) {
	all, err := pager[T]{fetch: l.page, try: l.client.retry, most: mostObjects, size: leanPage}.all(ctx, metav1.ListOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", l.resource, err)
	}
	return all, nil
}

func (l leanList[T]) page(ctx context.Context, o metav1.ListOptions) (found page[T], err error) {
	request := l.client.raw.Get().AbsPath("/api/v1").Resource(l.resource).Param("limit", strconv.FormatInt(o.Limit, 10)).
		SetHeader("Accept", runtime.ContentTypeProtobuf+","+runtime.ContentTypeJSON)
	if l.namespace != "" {
		request = request.Namespace(l.namespace)
	}
	if o.Continue != "" {
		request = request.Param("continue", o.Continue)
	}
	allowed := allowanceOf(ctx)
	allowed.binary = true
	body, err := request.Stream(allow(ctx, allowed))
	if err != nil {
		return found, err
	}
	defer body.Close()
	in := &broken{Reader: body}
	answer := bufio.NewReaderSize(in, 64<<10)
	if start, _ := answer.Peek(len(binaryMark)); bytes.Equal(start, binaryMark) {
		found, err = l.binary(answer, allowed)
	} else {
		found, err = l.json(answer, allowed)
	}
	return found, in.explain(err)
}

// one reads an object, and checks that it can be one that was asked for.
func (l leanList[T]) one(encoded []byte, allowed allowance, left *int64) (T, error) {
	before := *left
	one, meta, err := l.read(encoded, left)
	allowed.taken.Add(before - *left)
	switch {
	case errors.Is(err, errMemory):
		return one, refuse(l.request(), beyondMemory(allowed.memory))
	case err != nil:
		return one, &garbledError{err}
	case meta.Name == "":
		return one, wrong("an object without a name")
	case l.namespace != "" && meta.Namespace != l.namespace:
		return one, wrong("%s is of the namespace \"%s\" instead of %s", brief(meta.Name, 60), brief(meta.Namespace, 60), l.namespace)
	}
	return one, nil
}

// request names the request in an error.
func (l leanList[T]) request() string { return "GET /api/v1/" + l.resource }

// json reads a page that is JSON: each object by way of protobuf, so that it has the same parts.
func (l leanList[T]) json(answer io.Reader, allowed allowance) (found page[T], err error) {
	text, err := io.ReadAll(answer)
	if err != nil {
		return found, err
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return found, &garbledError{errors.New("it is empty")}
	}
	list := &unstructured.UnstructuredList{}
	if err := list.UnmarshalJSON(text); err != nil {
		return found, undecodable(err)
	}
	if err := (checked{gvr: core(l.resource), namespace: l.namespace}).checkList(list); err != nil {
		return found, err
	}
	found.next = list.GetContinue()
	allowed.taken.Store(0) // of the maps nothing is kept
	left := allowed.memory
	for _, o := range list.Items {
		encoded, err := encode(l.resource, o.Object)
		if err != nil {
			return found, &garbledError{err}
		}
		one, err := l.one(encoded, allowed, &left)
		if err != nil {
			return found, err
		}
		found.items = append(found.items, one)
	}
	return found, nil
}

// encode makes protobuf of a Node or a Pod.
func encode(resource string, fields map[string]any) ([]byte, error) {
	if resource == "nodes" {
		var node corev1.Node
		if err := manifest.Into(fields, &node); err != nil {
			return nil, err
		}
		return node.Marshal()
	}
	var pod corev1.Pod
	if err := manifest.Into(fields, &pod); err != nil {
		return nil, err
	}
	return pod.Marshal()
}

// broken notes that an answer could not be read to its end, which passes.
type broken struct {
	io.Reader
	err error
}

func (b *broken) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = err
	}
	return n, err
}

func (b *broken) explain(err error) error {
	var refused *AnswerError
	if b.err == nil || errors.As(b.err, &refused) || errors.Is(b.err, io.ErrUnexpectedEOF) {
		return err
	}
	return fmt.Errorf("%w: %w", io.ErrUnexpectedEOF, b.err)
}
