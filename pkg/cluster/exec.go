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
	stdout, err := c.exec(ctx, pod, probe.Command, bytes.NewReader(question), resultBytes*(1+len(tasks)))
	if err != nil {
		return nil, err
	}
	results, err := probe.ParseResults([]byte(stdout), tasks)
	if err != nil {
		return nil, fmt.Errorf("pod %s answers what is no list of results: %w; give the image of this version with --probe-image", pod.Name, err)
	}
	return results, nil
}

// complete checks that there are losses of each task.
func complete(tasks []probe.Task, losses []probe.Loss) error {
	if len(losses) != len(tasks) {
		return fmt.Errorf("losses of %d tasks instead of %d", len(losses), len(tasks))
	}
	open := map[string]bool{}
	for _, t := range tasks {
		open[t.ID] = true
	}
	for _, l := range losses {
		if !open[l.ID] {
			return fmt.Errorf("losses of no task, or for a second time: %s", brief(l.ID, 60))
		}
		delete(open, l.ID)
	}
	return nil
}

// Watch asks again and again in a probe pod, until stop is done, and tells of the losses so far every second. The error
// says that the pod could not be asked, or no longer.
func (c *Client) Watch(ctx, stop context.Context, pod corev1.Pod, w probe.Watching, seen func([]probe.Loss)) error {
	question, err := json.Marshal(w)
	if err != nil {
		return err
	}
	ctx, end := context.WithCancel(ctx)
	defer end()
	answers, out := io.Pipe()
	read := make(chan error, 1)
	go func() {
		err := readLosses(answers, w.Tasks, seen)
		if err != nil {
			end() // a pod that is not understood is asked no longer
		}
		answers.Close()
		read <- err
	}()
	in, hold := io.Pipe()
	release := context.AfterFunc(stop, func() { hold.Close() }) // the end of its input ends the watch
	defer release()
	defer in.Close()
	stderr := &limited{most: resultBytes, stop: end}
	err = c.stream(ctx, pod, probe.Container, probe.WatchCommand, remotecommand.StreamOptions{
		Stdin: io.MultiReader(bytes.NewReader(question), in), Stdout: out, Stderr: stderr,
	})
	out.Close()
	err = stderr.explain(err, pod, probe.WatchCommand)
	if readErr := <-read; readErr != nil {
		err = fmt.Errorf("pod %s answers what is no list of losses: %w; give the image of this version with --probe-image", pod.Name, readErr)
	}
	return err
}

// readLosses reads lists of losses until the end.
func readLosses(r io.Reader, tasks []probe.Task, seen func([]probe.Loss)) error {
	limit := int64(resultBytes * (1 + len(tasks)))
	each := io.LimitedReader{R: r}
	decoder := json.NewDecoder(&each)
	for {
		each.N = limit
		var losses []probe.Loss
		switch err := decoder.Decode(&losses); {
		case each.N <= 0:
			return fmt.Errorf("a list has more than %s", size(limit))
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := complete(tasks, losses); err != nil {
			return err
		}
		seen(losses)
	}
}

// Run runs a command in a container of a pod, without input. A command that ends with another exit code than 0 is no error;
// that it could not be run is one, and that it has not ended before ctx.
func (c *Client) Run(ctx context.Context, pod corev1.Pod, container string, command []string) (agent.Output, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	stdout, stderr := &limited{most: outputLimit, stop: stop}, &limited{most: outputLimit, stop: stop}
	err := c.stream(ctx, pod, container, command, remotecommand.StreamOptions{Stdout: stdout, Stderr: stderr})
	out := agent.Output{Text: stdout.text(), Errors: stderr.text()}
	var exit exec.CodeExitError
	switch over := errors.Join(stdout.fault(pod, command), stderr.fault(pod, command)); {
	case over != nil:
		return out, over
	case errors.As(err, &exit):
		out.Exit = exit.Code
	case err != nil && strings.Contains(err.Error(), "is forbidden"): // the refusal of an upgrade is text alone
		return out, fmt.Errorf("it takes a right that fitout rbac --check --agents prints: %w", err)
	case err != nil:
		return out, err
	}
	return out, nil
}

// exec runs a command in the container of a probe pod and returns what it prints, at most limit bytes. The error has what
// the command says on standard error.
func (c *Client) exec(ctx context.Context, pod corev1.Pod, command []string, in io.Reader, limit int) (string, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	stdout, stderr := &limited{most: limit, stop: stop}, &limited{most: resultBytes, stop: stop}
	err := c.stream(ctx, pod, probe.Container, command, remotecommand.StreamOptions{Stdin: in, Stdout: stdout, Stderr: stderr})
	if over := stdout.fault(pod, command); over != nil {
		return "", over
	}
	return stdout.text(), stderr.explain(err, pod, command)
}

// stream runs a command in a container of a pod.
func (c *Client) stream(ctx context.Context, pod corev1.Pod, container string, command []string, o remotecommand.StreamOptions) error {
	executor, err := c.executor(pod, container, command, o)
	if err == nil {
		err = interruptible(ctx, func() error { return executor.StreamWithContext(ctx, o) })
	}
	if err != nil {
		return fmt.Errorf("run a command in pod %s: %w", pod.Name, explain(err))
	}
	return nil
}

// interruptible runs f, and leaves it to its end if the context ends first: what opens a connection for a stream, or closes
// one, takes no notice of a context.
func interruptible(ctx context.Context, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
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
	config, err := c.overWebSocket(url)
	if err != nil {
		return nil, err
	}
	first, err := remotecommand.NewWebSocketExecutor(config, "GET", url.String())
	if err != nil {
		return nil, err
	}
	transport, upgrader, err := c.overSPDY(url)
	if err != nil {
		return nil, err
	}
	second, err := remotecommand.NewSPDYExecutorForTransports(transport, upgrader, "POST", url)
	if err != nil {
		return nil, err
	}
	return remotecommand.NewFallbackExecutor(first, second, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	})
}
