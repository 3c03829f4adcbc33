package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/fitout-dev/fitout/pkg/probe"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/streaming/pkg/httpstream"
)

// Ask carries out tasks in a probe pod, by running a command in its container: the way leads through the kubelet, so
// that it works where the API server does not reach the pod network. The error says that the pod could not be asked.
func (c *Client) Ask(ctx context.Context, pod corev1.Pod, tasks []probe.Task) ([]probe.Result, error) {
	question, err := json.Marshal(tasks)
	if err != nil {
		return nil, err
	}
	executor, err := c.executor(pod)
	if err != nil {
		return nil, fmt.Errorf("run a command in pod %s: %w", pod.Name, err)
	}
	var stdout, stderr bytes.Buffer
	err = executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdin: bytes.NewReader(question), Stdout: &stdout, Stderr: &stderr})
	if text := bytes.TrimSpace(stderr.Bytes()); err != nil && len(text) > 0 {
		err = fmt.Errorf("%w: %s", err, text)
	}
	if err != nil {
		return nil, fmt.Errorf("run a command in pod %s: %w", pod.Name, explain(err))
	}
	var results []probe.Result
	if err := json.Unmarshal(stdout.Bytes(), &results); err != nil {
		return nil, fmt.Errorf("pod %s answers what is no list of results: %w; give the image of this version with --probe-image", pod.Name, err)
	}
	return results, nil
}

// executor runs the probe's command over a WebSocket, or over SPDY where the server knows no other (before 1.29) or a
// proxy on the way passes no WebSocket.
func (c *Client) executor(pod corev1.Pod) (remotecommand.Executor, error) {
	request := c.raw.Post().AbsPath("/api/v1").Namespace(pod.Namespace).Resource("pods").Name(pod.Name).SubResource("exec").
		Param("container", probe.Container).Param("stdin", "true").Param("stdout", "true").Param("stderr", "true")
	for _, word := range probe.Command {
		request = request.Param("command", word)
	}
	url := request.URL()
	first, err := remotecommand.NewWebSocketExecutor(c.config, "GET", url.String())
	if err != nil {
		return nil, err
	}
	second, err := remotecommand.NewSPDYExecutor(c.config, "POST", url)
	if err != nil {
		return nil, err
	}
	return remotecommand.NewFallbackExecutor(first, second, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	})
}
