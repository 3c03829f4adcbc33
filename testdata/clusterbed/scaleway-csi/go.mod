module github.com/fitout-dev/fitout/testdata/clusterbed/scaleway-csi

go 1.26.0

tool github.com/scaleway/scaleway-csi/cmd/scaleway-csi

require (
	github.com/container-storage-interface/spec v1.12.0 // indirect
	github.com/go-logr/logr v1.4.3 // indirect
	github.com/golang/protobuf v1.5.4 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/kr/text v0.2.0 // indirect
	github.com/moby/sys/mountinfo v0.7.2 // indirect
	github.com/scaleway/scaleway-csi v0.3.6 // indirect
	github.com/scaleway/scaleway-sdk-go v1.0.0-beta.36 // indirect
	golang.org/x/net v0.56.0 // indirect
	golang.org/x/sys v0.47.0 // indirect
	golang.org/x/text v0.40.0 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20260414002931-afd174a4e478 // indirect
	google.golang.org/grpc v1.82.1 // indirect
	google.golang.org/protobuf v1.36.11 // indirect
	gopkg.in/yaml.v2 v2.4.0 // indirect
	k8s.io/klog/v2 v2.140.0 // indirect
	k8s.io/mount-utils v0.36.2 // indirect
	k8s.io/utils v0.0.0-20260707023825-cf1189d6abe3 // indirect
	oya.to/namedlocker v1.0.0 // indirect
)

// The module proxy does not serve the real one.
replace oya.to/namedlocker => ./namedlocker
