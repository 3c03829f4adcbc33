package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/fitout-dev/fitout/pkg/agent"
	"github.com/fitout-dev/fitout/pkg/probe"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/util/exec"
	"k8s.io/streaming/pkg/httpstream"
)

// Ask carries out tasks in a probe pod, by running a command in its container: the way leads through the kubelet, so
// that it works where the API server does not reach the pod network. The error says that the pod could not be asked.
func (c *Client) Ask(ctx context.Context, pod corev1.Pod, tasks []probe.Task) ([]probe.Result, error) {
	question, err := json.Marshal(tasks)
	if err != nil {
		return nil, err
	}
	var stdout bytes.Buffer
	if err := c.exec(ctx, pod, probe.Command, bytes.NewReader(question), &stdout); err != nil {
		return nil, err
	}
	results, err := probe.ParseResults(stdout.Bytes(), tasks)
	if err != nil {
		return nil, fmt.Errorf("pod %s answers what is no list of results: %w; give the image of this version with --probe-image", pod.Name, err)
	}
	return results, nil
}

// Watch asks again and again in a probe pod, until stop is done, and tells of the losses so far every second. The error
// says that the pod could not be asked, or no longer.
func (c *Client) Watch(ctx, stop context.Context, pod corev1.Pod, w probe.Watching, seen func([]probe.Loss)) error {
	question, err := json.Marshal(w)
	if err != nil {
		return err
	}
	answers, out := io.Pipe()
	defer answers.Close()
	read := make(chan error, 1)
	go func() { read <- readLosses(answers, seen) }()
	in, hold := io.Pipe()
	release := context.AfterFunc(stop, func() { hold.Close() }) // the end of its input ends the watch
	defer release()
	defer in.Close()
	err = c.exec(ctx, pod, probe.WatchCommand, io.MultiReader(bytes.NewReader(question), in), out)
	out.Close()
	if readErr := <-read; err == nil && readErr != nil {
		err = fmt.Errorf("pod %s answers what is no list of losses: %w; give the image of this version with --probe-image", pod.Name, readErr)
	}
	return err
}

// readLosses reads lists until the end. What follows one that cannot be read is passed over, so that nobody waits for it
// to be taken.
func readLosses(r io.Reader, seen func([]probe.Loss)) error {
	decoder := json.NewDecoder(r)
	for {
		var losses []probe.Loss
		switch err := decoder.Decode(&losses); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			io.Copy(io.Discard, r) //nolint:errcheck // there is an error to tell
			return err
		}
		seen(losses)
	}
}

// Run runs a command in a container of a pod, without input. A command that ends with another exit code than 0 is no error;
// that it could not be run is one, and that it has not ended before ctx.
func (c *Client) Run(ctx context.Context, pod corev1.Pod, container string, command []string) (agent.Output, error) {
	var stdout, stderr limited
	err := c.stream(ctx, pod, container, command, remotecommand.StreamOptions{Stdout: &stdout, Stderr: &stderr})
	out := agent.Output{Text: stdout.kept.String(), Errors: stderr.kept.String()}
	var exit exec.CodeExitError
	switch {
	case errors.As(err, &exit):
		out.Exit = exit.Code
	case err != nil && strings.Contains(err.Error(), "is forbidden"): // the refusal of an upgrade is text alone
		return out, fmt.Errorf("it takes a right that fitout rbac --check --agents prints: %w", err)
	case err != nil:
		return out, err
	case stdout.over:
		return out, fmt.Errorf("%s in pod %s prints more than %d MiB", command[0], pod.Name, outputLimit>>20)
	}
	return out, nil
}

// outputLimit bounds what is kept of what a command prints: statuses have some 100 KB at the most.
const outputLimit = 8 << 20

// limited keeps the first bytes of what is written to it.
type limited struct {
	kept bytes.Buffer // not embedded: io.Copy would find its ReadFrom, and pass Write by
	over bool         // there was more
}

func (l *limited) Write(p []byte) (int, error) {
	keep := p[:min(len(p), outputLimit-l.kept.Len())]
	l.over = l.over || len(keep) < len(p)
	l.kept.Write(keep)
	return len(p), nil
}

// exec runs a command in the container of a probe pod. The error has what the command says on standard error.
func (c *Client) exec(ctx context.Context, pod corev1.Pod, command []string, in io.Reader, out io.Writer) error {
	var stderr bytes.Buffer
	err := c.stream(ctx, pod, probe.Container, command, remotecommand.StreamOptions{Stdin: in, Stdout: out, Stderr: &stderr})
	if text := bytes.TrimSpace(stderr.Bytes()); err != nil && len(text) > 0 {
		err = fmt.Errorf("%w: %s", err, text)
	}
	return err
}

// stream runs a command in a container of a pod.
func (c *Client) stream(ctx context.Context, pod corev1.Pod, container string, command []string, o remotecommand.StreamOptions) error {
	executor, err := c.executor(pod, container, command, o)
	if err == nil {
		err = executor.StreamWithContext(ctx, o)
	}
	if err != nil {
		return fmt.Errorf("run a command in pod %s: %w", pod.Name, explain(err))
	}
	return nil
}

// executor runs a command over a WebSocket, or over SPDY where the server knows no other (before 1.29) or a
// proxy on the way passes no WebSocket.
func (c *Client) executor(pod corev1.Pod, container string, command []string, o remotecommand.StreamOptions) (remotecommand.Executor, error) {
	request := c.raw.Post().AbsPath("/api/v1").Namespace(pod.Namespace).Resource("pods").Name(pod.Name).SubResource("exec").
		Param("container", container).Param("stdin", strconv.FormatBool(o.Stdin != nil)).Param("stdout", "true").Param("stderr", "true")
	for _, word := range command {
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
