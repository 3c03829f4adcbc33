package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Most of what is read of a large cluster is nodes and pods. They are decoded one by one, from the answer straight into their
// types, and without the larger part of them, which nobody here reads (lean.go).

const (
	// decodedPage is how many nodes or pods one LIST request asks for.
	decodedPage = 500
	// mostDecoded bounds one list: Kubernetes supports 150,000 pods (kubernetes.io/docs/setup/best-practices/cluster-large).
	mostDecoded = 200_000
)

func (c *Client) nodes(ctx context.Context) ([]corev1.Node, error) {
	return listDecoded(ctx, c, "nodes", "", func(l *leanNode) (corev1.Node, metav1.ObjectMeta) { return l.node(), l.Metadata.ObjectMeta })
}

func (c *Client) pods(ctx context.Context, namespace string) ([]corev1.Pod, error) {
	var known podParts
	return listDecoded(ctx, c, "pods", namespace, func(l *leanPod) (corev1.Pod, metav1.ObjectMeta) { return known.share(l.pod()), l.Metadata.ObjectMeta })
}

func (c *Client) nodeFacts(ctx context.Context) ([]clusterfile.NodeFact, error) {
	return listDecoded(ctx, c, "nodes", "", func(n *factNode) (clusterfile.NodeFact, metav1.ObjectMeta) {
		return nodeFact(n.node()), n.Metadata.ObjectMeta
	})
}

// listDecoded lists a resource of the core group page by page, and converts each object as soon as it is decoded.
func listDecoded[L, T any](ctx context.Context, c *Client, resource, namespace string, convert func(*L) (T, metav1.ObjectMeta)) ([]T, error) {
	var all []T
	restarts := 0
	for token := ""; ; {
		page, next, err := fetchPage(ctx, c, pageOf{resource, namespace, token}, convert)
		switch {
		case apierrors.IsResourceExpired(err) && token != "" && restarts < mostRestarts: // a token lasts for five minutes
			all, token, restarts = nil, "", restarts+1
			continue
		case apierrors.IsNotFound(err):
			return nil, nil
		case err != nil:
			return nil, fmt.Errorf("list %s: %w", resource, err)
		}
		if all = append(all, page...); len(all) > mostDecoded {
			return nil, fmt.Errorf("list %s: %w", resource, wrongAnswer(fmt.Sprintf("more than %d objects", mostDecoded)))
		}
		switch {
		case next == "":
			return all, nil
		case next == token || len(page) == 0:
			return nil, fmt.Errorf("list %s: %w", resource, wrongAnswer("the list does not end"))
		}
		token = next
	}
}

// A pageOf names a page of a list by its continue token, which the first one does not have.
type pageOf struct{ resource, namespace, token string }

// fetchPage fetches one page. next is the token of the one after it, if any.
func fetchPage[L, T any](ctx context.Context, c *Client, of pageOf, convert func(*L) (T, metav1.ObjectMeta)) (page []T, next string, err error) {
	err = c.retry(ctx, func() error {
		page = make([]T, 0, decodedPage)
		body, err := c.page(ctx, of)
		if err != nil {
			return err
		}
		defer body.Close()
		decoder := json.NewDecoder(body)
		next, err = decodeList(decoder, core(of.resource), func(d *json.Decoder) error {
			var object L
			if err := d.Decode(&object); err != nil {
				return err
			}
			one, meta := convert(&object)
			if page = append(page, one); len(page) > mostDecoded {
				return wrongAnswer(fmt.Sprintf("more than %d objects", mostDecoded))
			}
			return fits(meta, of.namespace)
		})
		if errors.Is(err, io.EOF) && decoder.InputOffset() == 0 {
			return &garbledError{errors.New("it is empty")}
		}
		return interrupted(err)
	})
	return page, next, err
}

// page asks for one page.
func (c *Client) page(ctx context.Context, of pageOf) (io.ReadCloser, error) {
	request := c.raw.Get().AbsPath("/api/v1").Resource(of.resource).Param("limit", strconv.Itoa(decodedPage))
	if of.namespace != "" {
		request = request.Namespace(of.namespace)
	}
	if of.token != "" {
		request = request.Param("continue", of.token)
	}
	return request.Stream(allow(ctx, onePage))
}

// decodeList decodes a list up to its end, and has each of its items decoded. It returns the continue token, if any.
func decodeList(d *json.Decoder, of schema.GroupVersionResource, item func(*json.Decoder) error) (next string, err error) {
	var kind string
	err = decodeFields(d, func(key string) (err error) {
		switch key {
		case "kind":
			err = d.Decode(&kind)
		case "metadata":
			var meta struct {
				Continue string `json:"continue"`
			}
			err = d.Decode(&meta)
			next = meta.Continue
		case "items":
			err = decodeItems(d, item)
		default:
			err = d.Decode(&ignored{})
		}
		return err
	})
	if err == nil {
		err = listOf(kind, of)
	}
	return next, err
}

// decodeFields passes the key of each field of a JSON object on; field decodes its value.
func decodeFields(d *json.Decoder, field func(key string) error) error {
	if err := delimiter(d, '{'); err != nil {
		return err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		if err := field(key.(string)); err != nil { // a key is a string, or Token fails
			return err
		}
	}
	return delimiter(d, '}')
}

// decodeItems has each entry of a JSON array decoded; null is an empty one.
func decodeItems(d *json.Decoder, item func(*json.Decoder) error) error {
	start, err := d.Token()
	if err != nil || start == nil {
		return err
	}
	if start != json.Delim('[') {
		return wrongAnswer("the items of the answer are no list")
	}
	for d.More() {
		if err := item(d); err != nil {
			return err
		}
	}
	return delimiter(d, ']')
}

func delimiter(d *json.Decoder, want json.Delim) error {
	got, err := d.Token()
	if err == nil && got != want {
		return wrongAnswer(fmt.Sprintf("the answer is not JSON of a list: %.20v instead of %v", got, want))
	}
	return err
}

// fits says why an object of a list cannot be one that was asked for.
func fits(o metav1.ObjectMeta, namespace string) error {
	switch {
	case o.Name == "":
		return wrongAnswer("an object without a name")
	case namespace != "" && o.Namespace != namespace:
		return wrongAnswer(fmt.Sprintf("an object of namespace %.63q instead of %s", o.Namespace, namespace))
	}
	return nil
}

// A wrongAnswer is an answer that is something else than what was asked for.
type wrongAnswer string

func (w wrongAnswer) Error() string {
	return string(w) + "; see what answers at the address of the API server"
}

// interrupted marks the error of an answer that could not be read to its end, which passes.
func interrupted(err error) error {
	var syntax *json.SyntaxError
	var shape *json.UnmarshalTypeError
	var wrong wrongAnswer
	var refused *AnswerError
	switch {
	case err == nil || errors.As(err, &wrong) || errors.As(err, &refused):
		return err
	case errors.As(err, &syntax) || errors.As(err, &shape):
		return undecodable(err)
	}
	return fmt.Errorf("%w: %w", io.ErrUnexpectedEOF, err)
}
