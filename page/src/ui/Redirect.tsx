import { useRouter } from "@tanstack/react-router";
import { useEffect } from "react";

/** Goes to an address of this page, once: what it leaves is still drawn while the other screen comes. */
export function Redirect({ to }: { to: string }) {
  const router = useRouter();
  // biome-ignore lint/correctness/useExhaustiveDependencies: an address that changes meanwhile is the one it leads to
  useEffect(() => router.history.replace(to), []);
  return null;
}
