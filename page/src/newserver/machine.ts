// What this machine has of memory; null while nobody knows.
import { useQuery } from "@tanstack/react-query";
import { api, asked } from "../api/client";

const GB = 1024 ** 3;

export function useMachine(): { total: number | null; free: number | null } {
  const info = useQuery({ queryKey: ["system"], queryFn: () => asked(api.GET("/api/system/info")) }).data;
  if (!info) return { total: null, free: null };
  return { total: info.ramTotalGB * GB, free: Math.max(0, info.ramTotalGB - info.ramUsedGB) * GB };
}
