// Package corefile reads Corefiles, CoreDNS's configuration: it merges a rendered one with the blocks that people have added
// to the live one, checks one against what a version of CoreDNS has, and lists what would be lost where one replaces another.
// It knows texts only: neither clusters nor objects.
package corefile
