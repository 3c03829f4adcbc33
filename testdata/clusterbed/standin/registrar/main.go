// Command registrar stands in for the CSI node-driver-registrar, whose module
// the proxy does not serve. With the same arguments it does what the original
// does: asks the driver for its name, offers it to the kubelet on a socket in
// /registration, and answers /healthz as long as that socket is there.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	registration "k8s.io/kubelet/pkg/apis/pluginregistration/v1"
)

const registrationDir = "/registration"

var (
	csiAddress       = flag.String("csi-address", "/run/csi/socket", "path of the driver's socket")
	registrationPath = flag.String("kubelet-registration-path", "", "path of the driver's socket on the node")
	httpEndpoint     = flag.String("http-endpoint", "", "address that serves /healthz")
	_                = flag.Int("v", 0, "accepted and ignored")
)

func main() {
	flag.Parse()
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	name, err := driverName(*csiAddress)
	if err != nil {
		return err
	}
	socket := filepath.Join(registrationDir, name+"-reg.sock")
	if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	failed := make(chan error, 2)
	if *httpEndpoint != "" {
		go func() { failed <- http.ListenAndServe(*httpEndpoint, health(socket)) }()
	}
	server := grpc.NewServer()
	registration.RegisterRegistrationServer(server, &plugin{name: name, failed: failed})
	go func() { failed <- server.Serve(listener) }()
	log.Printf("offering %s on %s", name, socket)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	select {
	case err := <-failed:
		return err
	case <-signals:
		server.Stop() // removes the socket, so the kubelet forgets the driver
		return nil
	}
}

// driverName asks the driver who it is, until it answers.
func driverName(address string) (string, error) {
	connection, err := grpc.NewClient("unix://"+address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return "", err
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	answer, err := csi.NewIdentityClient(connection).GetPluginInfo(ctx, &csi.GetPluginInfoRequest{}, grpc.WaitForReady(true))
	if err != nil {
		return "", fmt.Errorf("ask the driver at %s for its name: %w", address, err)
	}
	return answer.GetName(), nil
}

// health answers 200 while the socket is there.
func health(socket string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		if _, err := os.Stat(socket); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	return mux
}

// plugin is the kubelet's view of the driver.
type plugin struct {
	registration.UnimplementedRegistrationServer
	name   string
	failed chan<- error
}

// GetInfo tells the kubelet where the driver is.
func (p *plugin) GetInfo(context.Context, *registration.InfoRequest) (*registration.PluginInfo, error) {
	return &registration.PluginInfo{
		Type: registration.CSIPlugin, Name: p.name, Endpoint: *registrationPath, SupportedVersions: []string{"1.0.0"},
	}, nil
}

// NotifyRegistrationStatus ends the program when the kubelet refused, so that
// it is started again and tries again.
func (p *plugin) NotifyRegistrationStatus(_ context.Context, status *registration.RegistrationStatus) (*registration.RegistrationStatusResponse, error) {
	if !status.PluginRegistered {
		p.failed <- fmt.Errorf("the kubelet refused %s: %s", p.name, status.Error)
	}
	return &registration.RegistrationStatusResponse{}, nil
}
