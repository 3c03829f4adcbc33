package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/probe"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// AskByServer gets a page of a port of a node through the API server. A failure is sure where the node or what listens there
// has answered, and not where the API server may not be let there. The error says that the API server was not asked, or does
// not do it.
func (c *Client) AskByServer(ctx context.Context, node string, t probe.Task) (r probe.Result, sure bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, t.Timeout.Duration)
	defer cancel()
	url := c.raw.Get().AbsPath("/api/v1/nodes", fmt.Sprintf("%s:%d", node, t.Port), "proxy", t.Path).URL()
	request, err := http.NewRequestWithContext(allow(ctx, plainText), http.MethodGet, url.String(), nil)
	if err != nil {
		return r, false, err
	}
	start := time.Now()
	answer, err := c.http.Do(request)
	r = probe.Result{ID: t.ID, Tries: 1, Took: metav1.Duration{Duration: time.Since(start)}}
	var refused *AnswerError
	switch {
	case errors.As(err, &refused) && refused.Target != "": // a node's answer, which nobody follows
		r.Error = fmt.Sprintf("redirects to %s, instead of answering %d", refused.Target, t.Status)
		return r, true, nil
	case errors.Is(err, context.DeadlineExceeded):
		r.Error = "no answer within " + t.Timeout.Duration.String()
		return r, false, nil
	case err != nil:
		return r, false, fmt.Errorf("ask node %s through the API server: %w", node, reason(err))
	}
	defer answer.Body.Close()
	const most = 4 << 10
	body, err := io.ReadAll(io.LimitReader(answer.Body, most))
	if errors.Is(err, context.DeadlineExceeded) {
		r.Error = "no whole answer within " + t.Timeout.Duration.String()
		return r, false, nil
	}
	if err != nil {
		return r, false, fmt.Errorf("ask node %s through the API server: %w", node, reason(err))
	}
	if own := ofServer(body); own != nil {
		if apierrors.IsForbidden(own) {
			return r, false, explain(own)
		}
		r.Error = own.Error()
		return r, strings.Contains(r.Error, "connection refused"), nil
	}
	if r.OK = answer.StatusCode == t.Status; !r.OK {
		r.Error = fmt.Sprintf("answers %s, not %d: %s", answer.Status, t.Status, printable.OneLine(string(body)))
	}
	return r, true, nil
}

// ofServer returns the API server's own answer, where it is one and not that of the node.
func ofServer(body []byte) error {
	var status metav1.Status
	if json.Unmarshal(body, &status) != nil || status.Kind != "Status" || status.APIVersion != "v1" {
		return nil
	}
	return apierrors.FromObject(&status)
}
