// Where the service is, and what each of the programs beside this file shows.

export const service = process.argv[2] ?? "http://127.0.0.1:8000";

export const ada = {
  user_name: `ada-${process.pid}`,
  first_name: "Ada",
  last_name: "Lovelace",
  email: `ada-${process.pid}@example.org`,
  password: "a long and winding road",
};

export interface Shown {
  name: string;
  conflict: string;
  unauthorized: string;
  invalid: (string | undefined)[];
}

export function show(shown: Shown): void {
  console.log(JSON.stringify(shown));
}

export function unexpected(answer: unknown): never {
  throw new Error(`the service answered ${JSON.stringify(answer)}`);
}

// What orval's functions send their requests with.
export async function send<T>(path: string, options: RequestInit): Promise<T> {
  const response = await fetch(service + path, options);
  const text = await response.text();
  return { status: response.status, data: text ? JSON.parse(text) : undefined, headers: response.headers } as T;
}
