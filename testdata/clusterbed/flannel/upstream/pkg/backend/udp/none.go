// Package udp takes the place of a backend of flannel's that a bed cannot build:
// it wants a C compiler. The rest of this module is put
// here by the build, from the published one.
package udp
